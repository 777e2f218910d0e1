/** Runs scripts on our own engine, in one tier, with code that counts fuel or not. */
import {
  type CodeStore,
  Engine,
  type Extern as EngineExtern,
  type Feature,
  FuncInst,
  features,
  GlobalInst,
  type Imports,
  type Instance,
  type InstanceOptions,
  MemInst,
  type Module,
  type Val,
  WasmError,
} from "../../engine/index.ts";
import { type TierName, tiers } from "../tiers/tiers.ts";
import type { Exports, Extern, Failure, Resolve, SpecEngine } from "./adapter.ts";

/** `(module (memory (export "m") 1))` */
const memoryModule = Uint8Array.of(
  ...[0, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  ...[5, 3, 1, 0, 1],
  ...[7, 5, 1, 1, 0x6d, 2, 0],
);

/** More than a script spends, and a reason to count. */
const plenty: InstanceOptions = { limits: { fuel: Number.MAX_SAFE_INTEGER } };

/**
 * @param isMetered generated code is of the kind that counts fuel and can stop
 * @param codeStore where code is taken from and put
 */
export function wasmtsEngine(choice: TierName, isMetered = false, codeStore?: CodeStore): SpecEngine {
  return new WasmtsEngine(choice, isMetered, codeStore);
}

class WasmtsEngine implements SpecEngine {
  readonly name: string;
  readonly hasStandardTexts = true;
  private engine: Engine;
  /** Calls functions of all instances. */
  private readonly caller: Instance;

  private readonly options: InstanceOptions;

  constructor(choice: TierName, isMetered: boolean, codeStore: CodeStore | undefined) {
    this.name = isMetered ? `${choice}-metered` : choice;
    this.options = isMetered ? plenty : {};
    this.engine = new Engine({ ...tiers[choice], codeStore });
    this.caller = this.engine.instantiate(this.engine.compile(memoryModule), {}, this.options);
  }

  enable(needs: readonly Feature[]): void {
    const flagged = needs.filter((feature) => features[feature].state === "flag");
    const on = Object.fromEntries(flagged.map((feature) => [feature, true]));
    this.engine = new Engine({ ...this.engine.options, features: on });
  }

  compile(bytes: Uint8Array): Module {
    return this.engine.compile(bytes);
  }

  instantiate(module: unknown, resolve: Resolve): Exports {
    const imports: Record<string, Record<string, EngineExtern>> = Object.create(null);
    for (const { module: from, name } of (module as Module).imports) {
      const found = resolve(from, name) as EngineExtern | undefined;
      imports[from] ??= Object.create(null) as Record<string, EngineExtern>;
      if (found !== undefined) imports[from][name] = found;
    }
    return this.engine.instantiate(module as Module, imports satisfies Imports, this.options).exports;
  }

  isFunction(value: unknown): boolean {
    return value instanceof FuncInst;
  }

  call(func: Extern, args: readonly unknown[]): readonly unknown[] {
    if (!(func instanceof FuncInst)) throw new Error("not a function");
    return this.caller.call(func, args as readonly Val[]);
  }

  globalValue(global: Extern): unknown {
    if (!(global instanceof GlobalInst)) throw new Error("not a global");
    return global.get();
  }

  newMemory() {
    const memory = this.engine.instantiate(this.engine.compile(memoryModule)).exports.m;
    if (!(memory instanceof MemInst)) throw new Error("not a memory");
    return { memory, view: memory.view };
  }

  failure(error: unknown): Failure {
    if (!(error instanceof WasmError)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { kind: "other", text: text.split("\n").slice(0, 4).join(" ") };
    }
    const { kind, message } = error;
    const isOurs = kind === "exit" || kind === "fuel" || kind === "deadline" || kind === "cancelled";
    return { kind: isOurs ? "other" : kind, text: message };
  }
}
