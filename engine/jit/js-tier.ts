/**
 * The generated code of one instance: decides what is compiled, makes functions of texts, and links them. See
 * `generate.ts` for the texts, `../tier.ts` for how the interpreter comes here.
 *
 * A `FuncInst` is the cell through which generated code calls it: `js` is the generated function, or a stub that runs
 * the function in the interpreter and counts its calls. So a call costs the same before and after, and nothing needs
 * patching. Spec: none; this is how, not what.
 */
import { active, blocks, type Handling } from "../awaiting.ts";
import { isSubtypeId } from "../canon.ts";
import { left } from "../counting.ts";
import { type BacktraceFrame, trap } from "../errors.ts";
import type { FuncInst } from "../runtime/func.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { type Enter, type GeneratedFn, type InstanceTier, type Interpreter, jsStack } from "../tier.ts";
import { V128 } from "../types.ts";
import { arrived, segmentOf } from "./backtrace.ts";
import { bigs, bigWords } from "./big-frame.ts";
import { CompileBudget } from "./compile-budget.ts";
import { Declined } from "./function-text.ts";
import { helpers } from "./helpers.ts";
import { shortHostStub } from "./host-stub.ts";
import { type CodeKind, type Linked, ModuleCode } from "./module-code.ts";
import type { Passes } from "./passes.ts";
import { results } from "./results.ts";
import type { Split } from "./splitting.ts";
import type { TierStats } from "./stats.ts";
import { Stops } from "./stops.ts";
import { evenRoom } from "./tail.ts";
import { argumentCount, hostArguments, putArguments, takeResults } from "./values.ts";

export interface JsTierOptions {
  /** Everything is compiled when it is first called. */
  readonly isEager: boolean;
  /** The same until it is so many bytes. Bench: programs. */
  readonly eagerBytes: number;
  /** Samples of a function, or calls of it from generated code, before it is compiled. */
  readonly hotAfter: number;
  /**
   * Compiling a byte takes as long as interpreting some 100 instructions: a function must be found running once more,
   * or called once more by generated code, for so many of its bytes. Bench: esbuild (auto was slower than interp).
   */
  readonly bytesPerSample: number;
  readonly bytesPerCall: number;
  /** Functions of more bytes need a sample, or call, for each of their bytes. */
  readonly largeBytes: number;
  /** Samples of all functions before the first is compiled: programs that end sooner do not load the compiler. */
  readonly idleSamples: number;
  /** Between two samples at first; in the end `sampleFuel`. */
  readonly firstFuel: number;
  readonly sampleFuel: number;
  readonly minFrameBytes: number;
  /** i64 are BigInt in it. */
  readonly isBig: boolean;
  readonly isBigForced: boolean;
  /** Which functions have parts taken out of them. */
  readonly split: Split;
  readonly passes: Passes;
  /** Called before the first text is made. */
  readonly onGenerate: ((bytes: number) => void) | undefined;
}

/** After so many samples there is twice as much fuel between them. */
const DOUBLING = 64;

/** V8 needs this much of its stack to compile a function; bytes. */
const COMPILE_ROOM = 200_000;

/** Where there is no room to compile a better form, it is tried again after so many calls. */
const RETRY_CALLS = 64;

/** What calls a function: a `FuncInst`, or a function of the host as one instance imports it. */
interface Callee {
  js: GeneratedFn;
  metered: GeneratedFn;
}

/** What is known about one kind of code. */
class Compiled {
  readonly isMetered: boolean;
  readonly declined = new Set<FuncInst>();
  /** Ways into loops by word of flat code; undefined: declined. */
  readonly loops = new Map<number, Enter | undefined>();

  constructor(isMetered: boolean) {
    this.isMetered = isMetered;
  }

  wayInto(f: FuncInst): Enter | undefined {
    return this.isMetered ? f.enterMetered : f.enter;
  }

  adopt(f: FuncInst, [js, enter]: Linked): void {
    if (this.isMetered) {
      f.metered = js;
      f.enterMetered = enter;
      f.meteredSig = f.typeId;
    } else {
      f.js = js;
      f.enter = enter;
      f.sig = f.typeId;
    }
  }
}

export class JsTier implements InstanceTier {
  readonly inst: ModuleInst;
  readonly helpers = helpers;
  readonly results = results;
  readonly bigs = bigs;
  readonly bigWords = bigWords;
  readonly left = left;
  readonly active = active;
  readonly blocks = blocks;
  readonly catchingAll: Handling = { tags: undefined, next: 1 };
  readonly stops: Stops;
  readonly stats: TierStats;
  private readonly code: ModuleCode<JsTier>;
  private readonly options: JsTierOptions;
  private readonly interpreter: Interpreter;
  private readonly budget = new CompileBudget();
  /** Samples so far, by function. */
  private readonly samples = new Map<FuncInst, number>();
  private seen = 0;
  private readonly plain = new Compiled(false);
  private readonly metered = new Compiled(true);
  private readonly hosts = new Map<FuncInst, Callee>();

  constructor(inst: ModuleInst, interpreter: Interpreter, options: JsTierOptions, stats: TierStats) {
    this.inst = inst;
    this.interpreter = interpreter;
    this.stops = new Stops(inst, interpreter);
    this.options = options;
    this.stats = stats;
    this.code = ModuleCode.of<JsTier>(inst.module, options);
  }

  get isEager(): boolean {
    return this.options.isEager || this.stats.bytes < this.options.eagerBytes;
  }

  get sampleFuel(): number {
    const { firstFuel, sampleFuel } = this.options;
    return Math.min(sampleFuel, firstFuel * 2 ** Math.floor(this.seen / DOUBLING));
  }

  trace(error: Error): () => readonly BacktraceFrame[] {
    return segmentOf(error);
  }

  /* What is compiled */

  compileNow(f: FuncInst, isMetered: boolean, room = jsStack.room): boolean {
    const kind = this.kind(isMetered);
    if (kind.wayInto(f) !== undefined) return true;
    if (kind.declined.has(f) || room < COMPILE_ROOM) return false;
    const size = this.sizeOf(f);
    if (!this.options.isEager && !this.code.has(f.index, { isMetered }) && !this.budget.spend(size)) return false;
    const made = this.make(f, this.firstKind(f, isMetered));
    if (made === undefined) {
      kind.declined.add(f);
      return false;
    }
    kind.adopt(f, made);
    this.stats.functions++;
    this.stats.bytes += size;
    return true;
  }

  /** The form with parts if it is there already: then the function was seen to be worth it. */
  private firstKind(f: FuncInst, isMetered: boolean): CodeKind {
    const grown = this.kindOf(isMetered, false);
    return this.code.has(f.index, grown) ? grown : this.kindOf(isMetered, true);
  }

  private kind(isMetered: boolean): Compiled {
    return isMetered ? this.metered : this.plain;
  }

  private sizeOf(f: FuncInst): number {
    const { module } = this.inst;
    const { start, end } = module.funcs[f.index - module.importedFuncs].body;
    return end - start;
  }

  private isHot(f: FuncInst, kind: CodeKind): boolean {
    if (this.code.has(f.index, kind)) return true;
    const n = (this.samples.get(f) ?? 0) + 1;
    this.samples.set(f, n);
    return ++this.seen > this.options.idleSamples && n >= this.hotAfter(f, this.options.bytesPerSample);
  }

  /**
   * V8 optimises some 25 bytes of WebAssembly in a millisecond, and a large function again for each part of it that
   * had not run before. Bench: esbuild (npm), minifying 0.5 MB.
   */
  private hotAfter(f: FuncInst, bytesPerUse: number): number {
    const { hotAfter, largeBytes } = this.options;
    const size = this.sizeOf(f);
    const enough = hotAfter + Math.floor(size / bytesPerUse);
    return size > largeBytes ? Math.max(enough, size) : enough;
  }

  sampleStart(f: FuncInst, isMetered: boolean): boolean {
    if (this.kind(isMetered).wayInto(f) !== undefined) return true;
    return (this.isEager || this.isHot(f, { isMetered })) && this.compileNow(f, isMetered);
  }

  sampleLoop(f: FuncInst, at: number, offset: () => number, isMetered: boolean): Enter | undefined {
    const { loops, declined } = this.kind(isMetered);
    if (loops.has(at)) return loops.get(at);
    if (declined.has(f) || !this.isHot(f, { isMetered }) || !this.compileNow(f, isMetered)) return undefined;
    const kind = { ...this.kindOf(isMetered, false), loop: offset() };
    if (!this.code.has(f.index, kind) && !this.budget.spend(this.sizeOf(f))) return undefined;
    const made = this.make(f, kind);
    loops.set(at, made?.[1]);
    if (made !== undefined) this.stats.loops++;
    return made?.[1];
  }

  /** The function and what enters it; undefined when it is declined. */
  private make(
    f: FuncInst,
    kind: CodeKind,
    declined = (reason: string): void => this.stats.decline(reason),
  ): Linked | undefined {
    const { stats } = this;
    this.options.onGenerate?.(this.sizeOf(f));
    try {
      return this.code.link(f.index, kind, this, (made) => {
        if (made === undefined) stats.kept++;
        else stats.made(made.text.length, made.parts, made.reasons);
      });
    } catch (error) {
      if (!(error instanceof Declined || error instanceof RangeError)) throw error;
      declined(error instanceof Declined ? error.reason : "nesting");
      return undefined;
    }
  }

  /** @param isDeferred it is seen later whether it is worth while to take parts out of a large function */
  private kindOf(isMetered: boolean, isDeferred: boolean): CodeKind {
    return isMetered || this.options.split !== "large" ? { isMetered } : { isMetered, isDeferred };
  }

  /* What texts ask for: see `Environment` */

  /** Puts the form of function `idx` that has parts in the place of the whole one, which was called often. */
  grown(idx: number): (room: number) => number {
    const f = this.inst.funcs[idx];
    return (room) => {
      if (room < COMPILE_ROOM) return RETRY_CALLS;
      // If it cannot be made the whole one stays, which is nothing for the interpreter.
      const made = this.make(f, this.kindOf(false, false), () => {});
      if (made !== undefined) this.plain.adopt(f, made);
      return Number.POSITIVE_INFINITY;
    };
  }

  /** A try block that catches these tags. */
  catching(...tags: number[]): Handling {
    return { tags: tags.map((idx) => this.inst.tags[idx]), next: 1 };
  }

  /** One that catches nothing; the next one that may is `next` on. */
  passing(next: number): Handling {
    return { tags: [], next };
  }

  callee(idx: number): Callee {
    return this.callable(this.inst.funcs[idx]);
  }

  calleeMetered(idx: number): Callee {
    return this.callableMetered(this.inst.funcs[idx]);
  }

  /** `f`, or what stands for it here, with a `js` that calls it. @throws WasmError trap when it is null */
  readonly callable = (f: FuncInst | null): Callee => {
    if (f === null) trap("nullFunction");
    if (f.inst === null) return this.hostCallee(f);
    if (f.sig < 0) {
      const tier = f.inst.tier;
      f.js = tier instanceof JsTier ? tier.stub(f) : this.foreignStub(f);
      f.sig = f.typeId;
    }
    return f;
  };

  /** The same for code that counts: a `metered`. */
  readonly callableMetered = (f: FuncInst | null): Callee => {
    if (f === null) trap("nullFunction");
    if (f.inst === null) return this.hostCallee(f);
    if (f.meteredSig < 0) {
      const tier = f.inst.tier;
      f.metered = (tier instanceof JsTier ? tier : this).stubMetered(f);
      f.meteredSig = f.typeId;
    }
    return f;
  };

  /** The element `i` of a table that is not of just the type `typeId`. @throws WasmError trap */
  readonly indirect = (table: number, i: number, typeId: number): Callee =>
    this.callable(this.element(table, i, typeId));

  readonly indirectMetered = (table: number, i: number, typeId: number): Callee =>
    this.callableMetered(this.element(table, i, typeId));

  private element(table: number, i: number, typeId: number): FuncInst {
    const { elems } = this.inst.tables[table];
    i = i >>> 0;
    if (i >= elems.length) trap("undefinedElement", `(index ${i}, table of ${elems.length})`);
    const f = elems[i] as FuncInst | null;
    if (f === null) trap("uninitializedElement", `${i}`);
    if (!isSubtypeId(f.typeId, typeId)) trap("indirectCallType", `(index ${i})`);
    return f;
  }

  /** Calls function `idx` where the JavaScript stack is nearly used up. */
  deep(idx: number): GeneratedFn {
    const f = this.inst.funcs[idx];
    return (...args) => this.interpret(f, args, 0, false);
  }

  /**
   * Calls function `idx`, whose frame takes `bytes`, where its entry found that fuel or the JavaScript stack is used up.
   * The last argument is what is left of that.
   */
  slow(idx: number, bytes: number): GeneratedFn {
    const f = this.inst.funcs[idx];
    const entry = this.inst.module.funcs[idx - this.inst.module.importedFuncs].body.start;
    return (...args) => {
      const room = args.pop() as number;
      if (left[0] < 0 && this.stops.more(left[0]) < 0) throw this.stops.loop(idx, entry, ...args);
      return room < bytes ? this.interpretMetered(f, args, 0) : f.metered(...args, room);
    };
  }

  /* Calls that leave generated code */

  private interpret(f: FuncInst, args: readonly Val[], room: number, mayNest: boolean): Val {
    const { params, results: types } = f.type;
    const put = (s: Parameters<typeof putArguments>[0]): void => putArguments(s, params, args);
    try {
      return this.interpreter.run(f, put, (s) => takeResults(s, types), room, mayNest);
    } catch (error) {
      throw arrived(error);
    }
  }

  private interpretMetered(f: FuncInst, args: readonly Val[], room: number): Val {
    const { params, results: types } = f.type;
    const put = (s: Parameters<typeof putArguments>[0]): void => putArguments(s, params, args);
    try {
      return this.interpreter.runMetered(f, put, (s) => takeResults(s, types), room);
    } catch (error) {
      throw arrived(error);
    }
  }

  /** Runs `f` in the interpreter until it is called often enough to be compiled. */
  private stub(f: FuncInst): GeneratedFn {
    noVectors(f);
    const count = argumentCount(f.type.params);
    const enough = this.code.has(f.index, { isMetered: false }) ? 1 : this.hotAfter(f, this.options.bytesPerCall);
    let calls = 0;
    return (...args) => {
      const room = args[count] as number;
      if ((this.isEager || ++calls >= enough) && this.compileNow(f, false, room)) return f.js(...args);
      return this.interpret(f, args, evenRoom(room), true);
    };
  }

  /** The same for code that counts; also of functions of instances without this tier, which are never compiled. */
  private stubMetered(f: FuncInst): GeneratedFn {
    noVectors(f);
    const count = argumentCount(f.type.params);
    const isOwn = f.inst === this.inst;
    const isMade = isOwn && this.code.has(f.index, { isMetered: true });
    const enough = isMade ? 1 : isOwn ? this.hotAfter(f, this.options.bytesPerCall) : 0;
    let calls = 0;
    return (...args) => {
      const room = args[count] as number;
      const isHot = isOwn && (this.isEager || ++calls >= enough);
      if (isHot && this.compileNow(f, true, room)) return f.metered(...args);
      return this.interpretMetered(f, args, evenRoom(room));
    };
  }

  /** Runs `f` of an instance without this tier. */
  private foreignStub(f: FuncInst): GeneratedFn {
    noVectors(f);
    const count = argumentCount(f.type.params);
    return (...args) => this.interpret(f, args, evenRoom(args[count]), true);
  }

  private hostCallee(f: FuncInst): Callee {
    let callee = this.hosts.get(f);
    if (callee === undefined) {
      callee = { js: this.hostStub(f), metered: this.hostStubMetered(f) };
      this.hosts.set(f, callee);
    }
    return callee;
  }

  private hostStub(f: FuncInst): GeneratedFn {
    noVectors(f);
    const { params, results: types } = f.type;
    const short = shortHostStub(f, {
      result: (given) => {
        this.interpreter.endHostCall(f, this.inst, given, results);
        return takeResults(results, types);
      },
      error: (error) => arrived(this.interpreter.hostError(f, error)),
    });
    if (short !== undefined) return short;
    const count = argumentCount(params);
    return (...args) => {
      jsStack.room = evenRoom(args[count]);
      try {
        this.interpreter.callHost(f, this.inst, hostArguments(params, args), results);
      } catch (error) {
        throw arrived(error);
      }
      return takeResults(results, types);
    };
  }

  private hostStubMetered(f: FuncInst): GeneratedFn {
    const { params, results: types } = f.type;
    const count = argumentCount(params);
    return (...args) => {
      jsStack.room = evenRoom(args[count]);
      args.length = count;
      try {
        this.interpreter.callHostMetered(f, hostArguments(params, args), args, results);
      } catch (error) {
        throw arrived(error);
      }
      return takeResults(results, types);
    };
  }
}

/** Functions with vectors in their types are called by declined functions only. */
function noVectors({ type }: FuncInst): void {
  if (type.params.includes(V128) || type.results.includes(V128)) throw new Error("v128 in generated code");
}
