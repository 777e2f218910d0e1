/**
 * What a generated function refers to outside itself: memories, tables, functions, helpers. Each is a constant of the
 * text that surrounds the function, initialised by a call of the linker (`$`). Names and initialisers are made of fixed
 * words and numbers only: this is where it would show if anything of a module became source text.
 */
export class Environment {
  private readonly inits = new Map<string, string>();
  /** Calls are of the kind that counts fuel. */
  private readonly kind: "" | "Metered";

  constructor(isMetered: boolean) {
    this.kind = isMetered ? "Metered" : "";
  }

  private use(name: string, init: string): string {
    if (!this.inits.has(name)) this.inits.set(name, init);
    return name;
  }

  /** A function of `helpers.ts`. */
  helper(name: string): string {
    return this.use(name, `$.helpers.${name}`);
  }
  /** A `MemInst`. */
  memory(idx: number): string {
    return this.use(`m${idx}`, `$.inst.mems[${idx}]`);
  }
  /** A `TableInst`. */
  table(idx: number): string {
    return this.use(`T${idx}`, `$.inst.tables[${idx}]`);
  }
  /** Something whose `js` calls function `idx`. */
  callee(idx: number): string {
    return this.use(`c${idx}`, `$.callee${this.kind}(${idx})`);
  }
  /** A `TagInst`. */
  tag(idx: number): string {
    return this.use(`E${idx}`, `$.inst.tags[${idx}]`);
  }
  /** How many try blocks are active, and the list of them: see `awaiting.ts`. */
  active(): string {
    return this.use("U", "$.active");
  }
  blocks(): string {
    return this.use("D", "$.blocks");
  }
  /** A try block that catches these tags. */
  catching(tags: readonly number[]): string {
    return this.use(`B${tags.join("_")}`, `$.catching(${tags.join()})`);
  }
  catchingAll(): string {
    return this.use("BA", "$.catchingAll");
  }
  /** One that catches nothing. */
  passing(next: number): string {
    return this.use(`BP${next}`, `$.passing(${next})`);
  }
  /** A `FuncInst`. */
  func(idx: number): string {
    return this.use(`r${idx}`, `$.inst.funcs[${idx}]`);
  }
  /** Runs function `idx` in the interpreter, which does not recurse in JavaScript. */
  deep(idx: number): string {
    return this.use(`d${idx}`, `$.deep(${idx})`);
  }
  /** Calls function `idx`, whose frame takes `bytes`, where its entry cannot go on. */
  slow(idx: number, bytes: number): string {
    return this.use(`d${idx}`, `$.slow(${idx},${bytes})`);
  }
  /** Asks for the form of function `idx` that has parts; gives the calls after which to ask again. */
  grown(idx: number): string {
    return this.use("G", `$.grown(${idx})`);
  }
  /** The fuel left. */
  left(): string {
    return this.use("F", "$.left");
  }
  /** A function of `stops.ts`. */
  stops(name: "more" | "loop" | "caller" | "tail" | "failed" | "spend" | "landed"): string {
    const names = { more: "M", loop: "W", caller: "K", tail: "J", failed: "X", spend: "Y", landed: "A" };
    return this.use(names[name], `$.stops.${name}`);
  }
  /** Looks up a table element that is not what the quick check wants. */
  indirect(): string {
    return this.use("ci", `$.indirect${this.kind}`);
  }
  /** Makes a function reference callable. */
  callable(): string {
    return this.use("cr", `$.callable${this.kind}`);
  }
  /** The cell of the imported global `idx`. */
  globalSlot(idx: number): string {
    return this.use(`g${idx}`, `$.inst.globals[${idx}].slot`);
  }
  /** What limits objects of the guest. */
  heap(): string {
    return this.use("Q", "$.inst.heap");
  }
  /** The instance. */
  instance(): string {
    return this.use("$i", "$.inst");
  }
  /** A view of the cells of global `idx`; all defined ones share theirs. */
  cells(view: "I" | "F32" | "F64" | "refs", idx: number, isDefined: boolean): string {
    const of = isDefined ? "" : idx;
    return this.use(`G${view}${of}`, `$.inst.${isDefined ? "cells" : `globals[${idx}].cells`}.${view}`);
  }
  /** A NaN that is no literal, by its bits. */
  nan(bits: 32 | 64, low: number, high: number): string {
    const name = `N${bits}_${low >>> 0}_${high >>> 0}`;
    return this.use(name, bits === 32 ? `$.helpers.f32FromBits(${low})` : `$.helpers.f64FromWords(${low},${high})`);
  }
  /** The variables of `big-frame.ts`. */
  bigs(): string {
    return this.use("BV", "$.bigs");
  }
  bigWords(): string {
    return this.use("BW", "$.bigWords");
  }
  /** The high word of the last i64 result. */
  high(): string {
    return this.use("H", "$.helpers.high");
  }
  /** Slots of several results, and their references. */
  results(): string {
    return this.use("V", "$.results.I");
  }
  resultFloats(): string {
    return this.use("VF", "$.results.F64");
  }
  resultRefs(): string {
    return this.use("VR", "$.results.refs");
  }

  /** The declarations, one line. */
  text(): string {
    const list = [...this.inits].map(([name, init]) => `${name}=${init}`);
    return list.length === 0 ? "" : `const ${list.join(",")};`;
  }
}
