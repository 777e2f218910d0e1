/**
 * The generated code of one instance: decides what is compiled, makes functions of texts, and links them. See
 * `generate.ts` for the texts, `../tier.ts` for how the interpreter comes here.
 *
 * A `FuncInst` is the cell through which generated code calls it: `js` is the generated function, or a stub that runs
 * the function in the interpreter and counts its calls. So a call costs the same before and after, and nothing needs
 * patching. Spec: none; this is how, not what.
 */
import { isSubtypeId } from "../canon.ts";
import { type BacktraceFrame, trap } from "../errors.ts";
import type { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { type Enter, type GeneratedFn, type InstanceTier, type Interpreter, jsStack } from "../tier.ts";
import { V128 } from "../types.ts";
import { register, segmentOf } from "./backtrace.ts";
import { CompileBudget } from "./compile-budget.ts";
import { Declined } from "./function-text.ts";
import { type Generated, type GenerateOptions, generate } from "./generate.ts";
import { helpers } from "./helpers.ts";
import { results } from "./results.ts";
import type { TierStats } from "./stats.ts";
import { argumentCount, hostArguments, putArguments, takeResults } from "./values.ts";

export interface JsTierOptions {
  readonly isEager: boolean;
  /** Samples of a function, or calls of it from generated code, before it is compiled. */
  readonly hotAfter: number;
  readonly sampleFuel: number;
  readonly minFrameBytes: number;
  /** Called before the first text is made. */
  readonly onGenerate: (() => void) | undefined;
}

/** V8 needs this much of its stack to compile a function; bytes. */
const COMPILE_ROOM = 200_000;

/** What calls a function: a `FuncInst`, or a function of the host as one instance imports it. */
interface Callee {
  js: GeneratedFn;
}

export class JsTier implements InstanceTier {
  readonly isEager: boolean;
  readonly sampleFuel: number;
  readonly inst: ModuleInst;
  readonly helpers = helpers;
  readonly results = results;
  readonly stats: TierStats;
  /** In the source names of its texts. */
  private readonly id: number;
  private readonly options: JsTierOptions;
  private readonly interpreter: Interpreter;
  private readonly budget = new CompileBudget();
  /** Samples so far, by function. */
  private readonly samples = new Map<FuncInst, number>();
  private readonly declined = new Set<FuncInst>();
  /** Ways into loops by word of flat code; undefined: declined. */
  private readonly loops = new Map<number, Enter | undefined>();
  private readonly hosts = new Map<FuncInst, Callee>();

  constructor(inst: ModuleInst, interpreter: Interpreter, options: JsTierOptions, stats: TierStats) {
    this.inst = inst;
    this.interpreter = interpreter;
    this.options = options;
    this.isEager = options.isEager;
    this.sampleFuel = options.sampleFuel;
    this.stats = stats;
    this.id = register(this);
  }

  trace(error: Error): () => readonly BacktraceFrame[] {
    return segmentOf(error);
  }

  /** Of each line of the text of function `func`, or of its way into the loop at `loop`, the offset in the module. */
  offsetsOf(func: number, loop: number | undefined): readonly number[] {
    return generate(this.inst.module, func, { loop, minFrameBytes: this.options.minFrameBytes }).offsets;
  }

  /* What is compiled */

  compileNow(f: FuncInst, room = jsStack.room): boolean {
    if (f.enter !== undefined) return true;
    if (this.declined.has(f) || room < COMPILE_ROOM) return false;
    const size = this.sizeOf(f);
    if (!this.isEager && !this.budget.spend(size)) return false;
    const made = this.make(f, { minFrameBytes: this.options.minFrameBytes });
    if (made === undefined) {
      this.declined.add(f);
      return false;
    }
    [f.js, f.enter] = made;
    f.sig = f.typeId;
    this.stats.functions++;
    this.stats.bytes += size;
    return true;
  }

  private sizeOf(f: FuncInst): number {
    const { module } = this.inst;
    const { start, end } = module.funcs[f.index - module.importedFuncs].body;
    return end - start;
  }

  private isHot(f: FuncInst): boolean {
    const n = (this.samples.get(f) ?? 0) + 1;
    this.samples.set(f, n);
    return n >= this.options.hotAfter;
  }

  sampleStart(f: FuncInst): boolean {
    return f.enter !== undefined || (this.isHot(f) && this.compileNow(f));
  }

  sampleLoop(f: FuncInst, at: number, offset: () => number): Enter | undefined {
    if (this.loops.has(at)) return this.loops.get(at);
    if (!this.isHot(f)) return undefined;
    if (this.declined.has(f) || !this.compileNow(f) || !this.budget.spend(this.sizeOf(f))) return undefined;
    const made = this.make(f, { loop: offset(), minFrameBytes: this.options.minFrameBytes });
    this.loops.set(at, made?.[1]);
    if (made !== undefined) this.stats.loops++;
    return made?.[1];
  }

  /** The function and what enters it; undefined when it is declined. */
  private make(f: FuncInst, options: GenerateOptions): readonly [GeneratedFn, Enter] | undefined {
    if (this.stats.characters === 0) this.options.onGenerate?.();
    let made: Generated;
    try {
      made = generate(this.inst.module, f.index, options);
    } catch (error) {
      if (!(error instanceof Declined)) throw error;
      this.stats.decline(error.reason);
      return undefined;
    }
    this.stats.characters += made.text.length;
    try {
      return link(`${made.text}\n//# sourceURL=wasmts:${this.id}`, this);
    } catch (error) {
      // V8 compiles recursively.
      if (!(error instanceof RangeError)) throw error;
      this.stats.decline("nesting");
      return undefined;
    }
  }

  /* What texts ask for: see `Environment` */

  callee(idx: number): Callee {
    return this.callable(this.inst.funcs[idx]);
  }

  /** `f`, or what stands for it here, with a `js` that calls it. @throws WasmError trap when it is null */
  callable(f: FuncInst | null): Callee {
    if (f === null) trap("nullFunction");
    if (f.inst === null) return this.hostCallee(f);
    if (f.sig < 0) {
      const tier = f.inst.tier;
      f.js = tier instanceof JsTier ? tier.stub(f) : this.foreignStub(f);
      f.sig = f.typeId;
    }
    return f;
  }

  /** The element `i` of a table that is not of just the type `typeId`. @throws WasmError trap */
  readonly indirect = (table: number, i: number, typeId: number): Callee => {
    const { elems } = this.inst.tables[table];
    i = i >>> 0;
    if (i >= elems.length) trap("undefinedElement", `(index ${i}, table of ${elems.length})`);
    const f = elems[i] as FuncInst | null;
    if (f === null) trap("uninitializedElement", `${i}`);
    if (!isSubtypeId(f.typeId, typeId)) trap("indirectCallType", `(index ${i})`);
    return this.callable(f);
  };

  /** Calls function `idx` where the JavaScript stack is nearly used up. */
  deep(idx: number): GeneratedFn {
    const f = this.inst.funcs[idx];
    return (...args) => this.interpret(f, args, 0, false);
  }

  /* Calls that leave generated code */

  private interpret(f: FuncInst, args: readonly Val[], room: number, mayNest: boolean): Val {
    const { params, results: types } = f.type;
    const put = (s: Parameters<typeof putArguments>[0]): void => putArguments(s, params, args);
    return this.interpreter.run(f, put, (s) => takeResults(s, types), room, mayNest);
  }

  /** Runs `f` in the interpreter until it is called often enough to be compiled. */
  private stub(f: FuncInst): GeneratedFn {
    noVectors(f);
    const count = argumentCount(f.type.params);
    let calls = 0;
    return (...args) => {
      const room = args[count] as number;
      if ((this.isEager || ++calls >= this.options.hotAfter) && this.compileNow(f, room)) return f.js(...args);
      return this.interpret(f, args, room, true);
    };
  }

  /** Runs `f` of an instance without this tier. */
  private foreignStub(f: FuncInst): GeneratedFn {
    noVectors(f);
    const count = argumentCount(f.type.params);
    return (...args) => this.interpret(f, args, args[count] as number, true);
  }

  private hostCallee(f: FuncInst): Callee {
    let callee = this.hosts.get(f);
    if (callee === undefined) {
      callee = { js: this.hostStub(f) };
      this.hosts.set(f, callee);
    }
    return callee;
  }

  private hostStub(f: FuncInst): GeneratedFn {
    noVectors(f);
    const { params, results: types } = f.type;
    const count = argumentCount(params);
    return (...args) => {
      jsStack.room = args[count] as number;
      this.interpreter.callHost(f, this.inst, hostArguments(params, args), results);
      return takeResults(results, types);
    };
  }
}

/** Functions with vectors in their types are called by declined functions only. */
function noVectors({ type }: FuncInst): void {
  if (type.params.includes(V128) || type.results.includes(V128)) throw new Error("v128 in generated code");
}

type Linked = readonly [GeneratedFn, Enter];

/** Makes the functions of `text`. The only place where text becomes code. */
function link(text: string, tier: JsTier): Linked {
  return (new Function("$", text) as ($: JsTier) => Linked)(tier);
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
