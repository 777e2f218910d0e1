/**
 * Generated functions of a module. The first instance has its own; all others share theirs, so that who makes many
 * instances neither waits for texts to be made again nor for V8 to compile them, and starts with what V8 has optimised.
 * V8 knows memories and tables of its own code as constants, which is up to twice as fast. Bench: micro, "one more
 * instance, and a call".
 */
import { canonOf } from "../canon.ts";
import type { Module } from "../module.ts";
import type { Enter, GeneratedFn } from "../tier.ts";
import type { Generated } from "./assemble.ts";
import { register } from "./backtrace.ts";
import { Declined } from "./function-text.ts";
import { type GenerateOptions, generate } from "./generate.ts";
import { KeptCode, keyOf } from "./kept-code.ts";
import { allPasses, passNames } from "./passes.ts";

/** A function, and what enters it from frame slots. */
export type Linked = readonly [GeneratedFn, Enter];
/** `$` is asked for what the text refers to (`Environment`). */
type Linker<T> = ($: T) => Linked;

/** Lines before a text in the source that `new Function` makes of it. */
const HEADER_LINES = 2;

/** What all code of an instance has in common. */
export type CodeSettings = Pick<GenerateOptions, "minFrameBytes" | "isBig" | "isBigForced" | "split" | "passes">;
/** What is compiled of a function. */
export type CodeKind = Pick<GenerateOptions, "loop" | "isMetered" | "isDeferred">;

/** Told what was made; undefined: the text was kept. */
type OnMade = (made: Generated | undefined) => void;

/** By module and settings: what instances share, once there are two. */
const codes = new WeakMap<Module, Map<string, ModuleCode<never> | undefined>>();

export class ModuleCode<T> {
  readonly module: Module;
  private readonly settings: CodeSettings;
  private readonly isShared: boolean;
  /** Of the sources of the texts. */
  private readonly name: string;
  /** What other processes have made of the module. */
  private readonly kept: KeptCode | undefined;
  /** Of shared code: what was made, or why it was not. */
  private readonly made = new Map<string, Linker<T> | Declined>();

  private constructor(module: Module, settings: CodeSettings, key: string, isShared: boolean) {
    this.module = module;
    this.settings = settings;
    this.isShared = isShared;
    this.name = register(this);
    // Numbers of types, which are of this process, are in the texts.
    this.kept = KeptCode.of(this, () => `${key};${canonOf(module.types).join()}`);
  }

  /** The code of one more instance of `module`. */
  static of<T>(module: Module, settings: CodeSettings): ModuleCode<T> {
    const key = keyOfSettings(settings);
    const all = codes.get(module) ?? new Map<string, ModuleCode<never> | undefined>();
    codes.set(module, all);
    const isFirst = !all.has(key);
    const code = (all.get(key) as ModuleCode<T> | undefined) ?? new ModuleCode<T>(module, settings, key, !isFirst);
    all.set(key, isFirst ? undefined : (code as ModuleCode<never>));
    return code;
  }

  /** Another instance, or another process, has had it made. */
  has(func: number, kind: CodeKind): boolean {
    const { made, kept } = this;
    if (made.size === 0 && kept === undefined) return false;
    const key = keyOf(func, kind);
    return made.has(key) || kept?.has(key) === true;
  }

  /**
   * Function `func` for one instance; `onMade` is told if the text is made now, or that there was one already.
   *
   * @throws Declined
   * @throws RangeError V8, which compiles recursively, has too little stack for it
   */
  link(func: number, kind: CodeKind, $: T, onMade: OnMade): Linked {
    if (!this.isShared) return this.make(func, kind, onMade)($);
    const key = keyOf(func, kind);
    const made = this.made.get(key) ?? this.makeShared(func, kind, $, onMade);
    this.made.set(key, made);
    if (made instanceof Declined) throw made;
    return made($);
  }

  private makeShared(func: number, kind: CodeKind, $: T, onMade: OnMade): Linker<T> | Declined {
    try {
      const linker = this.make(func, kind, onMade);
      // What V8 optimises while there is one closure of a text is for that one alone, and later ones never get theirs.
      linker($);
      return linker;
    } catch (error) {
      if (error instanceof Declined) return error;
      throw error;
    }
  }

  /** The only place where text becomes code, but for what is kept. */
  private make(func: number, kind: CodeKind, onMade: OnMade): Linker<T> {
    const { kept } = this;
    const key = kept === undefined ? "" : keyOf(func, kind);
    const known = kept?.find(key) as Linker<T> | undefined;
    if (known !== undefined) {
      onMade(undefined);
      return known;
    }
    const made = generate(this.module, func, { ...this.settings, ...kind });
    onMade(made);
    kept?.keep(key, made.text);
    return new Function("$", `${made.text}\n//# sourceURL=wasmts:${this.name}`) as Linker<T>;
  }

  causeAt(func: number, kind: CodeKind, line: number): number {
    return this.causesOf(func, kind)[line - HEADER_LINES - 1] ?? 0;
  }

  /** Of each line of a text, the offset in the module of what fails there. */
  causesOf(func: number, kind: CodeKind): readonly number[] {
    return generate(this.module, func, { ...this.settings, ...kind }).causes;
  }
}

function keyOfSettings({ minFrameBytes, isBig, isBigForced, split, passes = allPasses }: CodeSettings): string {
  return [minFrameBytes, isBig, isBigForced, split, ...passNames.map((name) => passes[name])].join();
}

/** Whether this process lets text become code. Asked once. */
export function canGenerate(): boolean {
  possible ??= probe();
  return possible;
}

let possible: boolean | undefined;

function probe(): boolean {
  try {
    return (new Function("return 1") as () => number)() === 1;
  } catch {
    return false;
  }
}
