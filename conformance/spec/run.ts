/**
 * Runs the commands of one script on one engine and judges each: values exactly, errors by kind.
 *
 * Not for reading scripts (`script.ts`), converting module text (`wat.ts`) or adding up (`report.ts`).
 */
import type { Exports, Extern, Failure, FailureKind, Resolve, SpecEngine } from "./adapter.ts";
import { type BitsCaller, isTestedHeap, type NumType } from "./bits.ts";
import type { Action, Command, Expected, ModuleSource } from "./script.ts";
import {
  matchesBytes,
  matchesJs,
  needsBits,
  numTypeOf,
  printBytes,
  printExpected,
  printJs,
  type RefQuestions,
  toBytes,
  toJs,
} from "./values.ts";
import type { Converted } from "./wat.ts";

/**
 * "unsupported": fails because of a proposal that the engine says it does not have. "text": tests a parser of module
 * text, not an engine. "skip": cannot go wrong (`register`).
 */
export type Outcome = "pass" | "fail" | "unsupported" | "text" | "skip";

export interface CommandResult {
  readonly file: string;
  readonly line: number;
  readonly kind: Command["kind"];
  readonly outcome: Outcome;
  /** What was expected and what came; empty on a pass. */
  readonly message: string;
  /** On a pass whose message differs from that of the reference interpreter. */
  readonly warning: string;
}

export interface Script {
  /** Path below the suite, for reports. */
  readonly file: string;
  readonly commands: readonly Command[];
  /** What `wat.ts` made of each text or quoted module. */
  readonly converted: ReadonlyMap<ModuleSource, Converted>;
}

export interface Session {
  readonly engine: SpecEngine;
  readonly bits: BitsCaller;
  /** Makes a fresh `spectest` module. */
  readonly spectest: () => ReadonlyMap<string, Extern>;
}

type Verdict = Pick<CommandResult, "outcome"> & Partial<Pick<CommandResult, "message" | "warning">>;
const pass: Verdict = { outcome: "pass" };

/** A module or instance that a later command names; `failed` when making it went wrong. */
type Slot<T> = { readonly value: T } | { readonly failed: Verdict };

export function runScript(session: Session, script: Script): CommandResult[] {
  const run = new ScriptRun(session, script);
  return script.commands.map((command) => {
    const { outcome, message = "", warning = "" } = run.command(command);
    return { file: script.file, line: command.line, kind: command.kind, outcome, message, warning };
  });
}

class ScriptRun {
  private readonly session: Session;
  private readonly script: Script;
  private readonly spectest: ReadonlyMap<string, Extern>;
  private readonly definitions = new Map<string | undefined, Slot<unknown>>();
  private readonly instances = new Map<string | undefined, Slot<Exports>>();
  private readonly registered = new Map<string, Slot<Exports>>();
  private readonly ask: RefQuestions;

  constructor(session: Session, script: Script) {
    this.session = session;
    this.script = script;
    this.spectest = session.spectest();
    this.ask = {
      isFunction: (value) => session.engine.isFunction(value),
      matchesHeap: (value, heap) => (isTestedHeap(heap) ? session.bits.matchesHeap(value, heap) : undefined),
    };
  }

  command(command: Command): Verdict {
    switch (command.kind) {
      case "module":
        return this.defineInstance(command.id, this.compile(command.source));
      case "definition":
        return this.define(this.definitions, command.id, this.compile(command.source));
      case "instance":
        return this.defineInstance(command.id, this.definitions.get(command.of) ?? absent("module"));
      case "register":
        this.registered.set(command.as, this.instances.get(command.id) ?? absent("instance"));
        return { outcome: "skip" };
      case "action":
        return this.act(command.action);
      case "assert_return":
        return this.expectReturn(command.action, command.expected);
      case "assert_trap":
        return this.expectFailure(command.action, "trap", command.text);
      case "assert_exhaustion":
        return this.expectFailure(command.action, "exhausted", command.text);
      case "assert_exception":
        return this.expectFailure(command.action, "exception", command.text);
      case "assert_suspension":
        return { outcome: "unsupported", message: "stack switching" };
      case "assert_trap_module":
        return this.expectInstantiation(command.source, "trap", command.text);
      case "assert_unlinkable":
        return this.expectInstantiation(command.source, "unlinkable", command.text);
      case "assert_invalid":
        return this.expectRefusal(command.source, "invalid", command.text);
      case "assert_malformed":
        return this.expectRefusal(command.source, "malformed", command.text);
      case "unknown":
        return { outcome: "fail", message: `unknown command ${command.head}` };
    }
  }

  private define<T>(slots: Map<string | undefined, Slot<T>>, id: string | undefined, slot: Slot<T>): Verdict {
    slots.set(undefined, slot);
    if (id !== undefined) slots.set(id, slot);
    return "failed" in slot ? slot.failed : pass;
  }

  private defineInstance(id: string | undefined, module: Slot<unknown>): Verdict {
    return this.define(this.instances, id, "failed" in module ? module : this.instantiate(module.value));
  }

  private compile(source: ModuleSource): Slot<unknown> {
    const bytes = this.bytesOf(source);
    if (!(bytes instanceof Uint8Array))
      return { failed: { outcome: "fail", message: `not converted: ${bytes.error}` } };
    try {
      return { value: this.session.engine.compile(bytes) };
    } catch (error) {
      return { failed: unexpected("a module", this.session.engine.failure(error)) };
    }
  }

  private bytesOf(source: ModuleSource): Converted {
    if (source.form === "binary") return source.bytes;
    return this.script.converted.get(source) ?? { error: "no converter ran" };
  }

  private instantiate(module: unknown): Slot<Exports> {
    const linked = this.link(module);
    return "thrown" in linked ? { failed: unexpected("an instance", linked.thrown) } : linked;
  }

  /** Instantiates. A failure that follows from a registered module that failed is blamed on that one. */
  private link(module: unknown): Slot<Exports> | { readonly thrown: Failure } {
    const { engine } = this.session;
    let blame: Verdict | undefined;
    const resolve: Resolve = (from, name) => {
      const slot = this.registered.get(from);
      if (slot === undefined) return from === "spectest" ? this.spectest.get(name) : undefined;
      if (!("failed" in slot)) return slot.value[name];
      blame ??= slot.failed;
      return undefined;
    };
    try {
      return { value: engine.instantiate(module, resolve) };
    } catch (error) {
      return blame === undefined ? { thrown: engine.failure(error) } : { failed: blame };
    }
  }

  private act(action: Action): Verdict {
    const target = this.target(action);
    if ("failed" in target) return target.failed;
    try {
      this.performBlindly(action, target.value);
      return pass;
    } catch (error) {
      return unexpected("a return", this.session.engine.failure(error));
    }
  }

  private expectReturn(action: Action, want: readonly Expected[]): Verdict {
    const target = this.target(action);
    if ("failed" in target) return target.failed;
    try {
      return this.perform(action, target.value, want);
    } catch (error) {
      return unexpected(`[${want.map(printExpected).join(", ")}]`, this.session.engine.failure(error));
    }
  }

  /** The export that an action names. */
  private target(action: Action): Slot<Extern> {
    const slot = this.instances.get(action.id) ?? absent("instance");
    if ("failed" in slot) return { failed: { ...slot.failed, message: `no instance: ${slot.failed.message ?? ""}` } };
    const value = slot.value[action.name];
    return value === undefined
      ? { failed: { outcome: "fail", message: `no export ${JSON.stringify(action.name)}` } }
      : { value };
  }

  private perform(action: Action, target: Extern, want: readonly Expected[]): Verdict {
    const params = numTypes(action.args);
    const results = numTypes(want);
    const isExact = action.args.some(needsBits) || want.some(needsBits);
    if (isExact && params !== undefined && results !== undefined) {
      const got = this.performBits(action, target, params, results);
      const isRight = got.every((bytes, i) => matchesBytes(bytes, want[i]!));
      const printed = () => got.map((bytes, i) => printBytes(bytes, want[i]));
      return isRight ? pass : wrongResult(want, printed());
    }
    const got = this.performWithNull(action, target, want);
    const isRight = got.length === want.length && got.every((value, i) => matchesJs(value, want[i]!, this.ask));
    return isRight ? pass : wrongResult(want, got.map(printJs));
  }

  /** As `performDirectly`, also when the result is a null that cannot cross to JavaScript. */
  private performWithNull(action: Action, target: Extern, want: readonly Expected[]): readonly unknown[] {
    try {
      return this.performDirectly(action, target);
    } catch (error) {
      const isCrossing = this.session.engine.failure(error).kind === "boundary";
      if (!isCrossing || want.length !== 1 || want[0]!.type !== "null" || action.args.length > 0) throw error;
      return [this.session.bits.returnsNull(target) ? null : undefined];
    }
  }

  private performDirectly(action: Action, target: Extern): readonly unknown[] {
    const { engine } = this.session;
    return action.verb === "get" ? [engine.globalValue(target)] : engine.call(target, action.args.map(toJs));
  }

  private performBits(action: Action, target: Extern, params: readonly NumType[], results: readonly NumType[]) {
    const { bits } = this.session;
    if (action.verb === "get") return [bits.globalValue(target, results[0]!)];
    return bits.call(target, params, action.args.map(toBytes), results);
  }

  private expectFailure(action: Action, kind: FailureKind, text: string): Verdict {
    const target = this.target(action);
    if ("failed" in target) return target.failed;
    try {
      this.performBlindly(action, target.value);
    } catch (error) {
      return this.judge(this.session.engine.failure(error), kind, text);
    }
    return { outcome: "fail", message: `expected ${kind} "${text}", got a return` };
  }

  /** Performs an action whose result types the script does not tell. */
  private performBlindly(action: Action, target: Extern): void {
    const { engine } = this.session;
    if (!action.args.some((arg) => arg.type === "v128")) {
      try {
        this.performDirectly(action, target);
        return;
      } catch (error) {
        if (engine.failure(error).kind !== "boundary") throw error;
      }
    }
    const params = numTypes(action.args) ?? [];
    try {
      this.performBits(action, target, params, ["v128"]);
    } catch (error) {
      if (engine.failure(error).kind !== "unlinkable") throw error;
      this.performBits(action, target, params, []);
    }
  }

  private expectInstantiation(source: ModuleSource, kind: FailureKind, text: string): Verdict {
    const module = this.compile(source);
    if ("failed" in module) return module.failed;
    const linked = this.link(module.value);
    if ("failed" in linked) return linked.failed;
    if ("thrown" in linked) return this.judge(linked.thrown, kind, text);
    return { outcome: "fail", message: `expected ${kind} "${text}", got an instance` };
  }

  private expectRefusal(source: ModuleSource, kind: "invalid" | "malformed", text: string): Verdict {
    if (source.form === "quote" && kind === "malformed") return { outcome: "text" };
    const bytes = this.bytesOf(source);
    if (!(bytes instanceof Uint8Array)) return { outcome: "text", message: bytes.error };
    try {
      this.session.engine.compile(bytes);
    } catch (error) {
      return this.judge(this.session.engine.failure(error), kind, text);
    }
    return { outcome: "fail", message: `expected ${kind} "${text}", got a module` };
  }

  private judge(got: Failure, want: FailureKind, text: string): Verdict {
    const isRight = got.kind === want || (got.kind === "compile" && (want === "invalid" || want === "malformed"));
    if (!isRight) return unexpected(`${want} "${text}"`, got);
    if (!this.session.engine.hasStandardTexts || got.text.startsWith(text)) return pass;
    return { outcome: "pass", warning: `expected text "${text}", got "${got.text}"` };
  }
}

/** The numeric types of all of `values`, or undefined when one is a reference. */
function numTypes(values: readonly Expected[]): NumType[] | undefined {
  const types = values.flatMap((value) => numTypeOf(value) ?? []);
  return types.length === values.length ? types : undefined;
}

const absent = (what: string) => ({ failed: { outcome: "fail", message: `no ${what}` } as const });

function unexpected(want: string, got: Failure): Verdict {
  const outcome = got.kind === "unsupported" ? "unsupported" : "fail";
  return { outcome, message: `expected ${want}, got ${got.kind}: ${got.text}` };
}

function wrongResult(want: readonly Expected[], got: readonly string[]): Verdict {
  return { outcome: "fail", message: `expected [${want.map(printExpected).join(", ")}], got [${got.join(", ")}]` };
}
