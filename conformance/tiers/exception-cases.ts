/**
 * Random programs of exceptions, for tests that compare: nested try blocks, throws from guest and host, rethrow,
 * delegate, branches, loops, calls and tail calls. Each in the legacy form and, if it has no delegate, with try_table.
 *
 * A program is one module: `run: i32 -> i32` (its bits decide which throws happen), imports `h.log`, `h.fail` (throws
 * `e1` of its argument) and exports its tags. It always ends: loops share a budget.
 */

export interface ExceptionCase {
  readonly legacy: string;
  /** Undefined when the program delegates. */
  readonly table: string | undefined;
}

/** Text in the legacy form and in that of 3.0. */
type Both = readonly [legacy: string, table: string];

const FUNCS = 3;
const BITS = 5;

/** Joins parts: strings are the same in both forms. */
function both(parts: TemplateStringsArray, ...holes: readonly (Both | string | number)[]): Both {
  const side = (i: 0 | 1): string =>
    parts.reduce((text, part, n) => {
      const hole = holes[n - 1] as Both | string | number;
      return text + (typeof hole === "object" ? hole[i] : hole) + part;
    });
  return [side(0), side(1)];
}

class Generator {
  private state: number;
  private labels: string[] = [];
  /** Labels of the try blocks in whose catch bodies the code is. */
  private catching: string[] = [];
  private count = 0;
  private func = 0;
  private exns: string[] = [];
  private readonly hasDelegate: boolean;

  constructor(seed: number, hasDelegate: boolean) {
    this.state = seed;
    this.hasDelegate = hasDelegate;
  }

  private random(n: number): number {
    this.state = (Math.imul(this.state, 1103515245) + 12345) >>> 0;
    return (this.state >>> 8) % n;
  }

  private pick<T>(list: readonly T[]): T {
    return list[this.random(list.length)] as T;
  }

  program(): ExceptionCase {
    const funcs = Array.from({ length: FUNCS }, (_, i) => this.function(i));
    const text = (i: 0 | 1): string => `(module
      (import "h" "log" (func $log (param i32) (result i32)))
      (import "h" "fail" (func $fail (param i32) (result i32)))
      (tag $e0 (export "e0")) (tag $e1 (export "e1") (param i32)) (tag $e2 (export "e2") (param i64 f64 i32))
      (global $fuel (mut i32) (i32.const 6))
      ${funcs.map((f) => f[i]).join("\n")}
      (export "run" (func $f0)))`;
    return { legacy: text(0), table: this.hasDelegate ? undefined : text(1) };
  }

  private function(i: number): Both {
    this.func = i;
    this.exns = [];
    this.labels = [];
    const body = this.expr(5);
    const exns = this.exns.map((x) => `(local ${x} exnref)`).join(" ");
    return both`(func $f${i} (param i32) (result i32) (local $x i32) (local $y i32)
      ${["", exns] as Both} ${body})`;
  }

  private condition(): string {
    return `(i32.and (i32.shr_u (local.get 0) (i32.const ${this.random(BITS)})) (i32.const 1))`;
  }

  /** An expression of type i32. */
  private expr(depth: number): Both {
    if (depth === 0) return this.leaf();
    switch (this.random(14)) {
      case 0:
        return both`(i32.add ${this.expr(depth - 1)} ${this.expr(depth - 1)})`;
      case 1:
        return this.block(depth);
      case 2:
        return this.loop(depth);
      case 3:
        return both`(if (result i32) ${this.condition()} (then ${this.throw(depth)}) (else ${this.expr(depth - 1)}))`;
      case 4:
        return both`(block (result i32) (local.set ${this.pick(["$x", "$y"])} ${this.expr(depth - 1)}) ${this.expr(depth - 1)})`;
      case 5:
        if (this.labels.length === 0) return this.leaf();
        return both`(if (result i32) ${this.condition()} (then (br ${this.pick(this.labels)} ${this.expr(depth - 1)}))
          (else ${this.expr(depth - 1)}))`;
      case 6:
        return this.call(depth);
      case 7:
        return both`(i32.mul (local.get $x) ${this.expr(depth - 1)})`;
      case 8:
        return this.hasDelegate ? this.delegate(depth) : this.try(depth);
      default:
        return this.try(depth);
    }
  }

  private leaf(): Both {
    switch (this.random(5)) {
      case 0:
        return both`(i32.const ${this.random(1000)})`;
      case 1:
        return both`(local.get ${this.pick(["0", "$x", "$y"])})`;
      case 2:
        return both`(if (result i32) ${this.condition()} (then (call $fail (i32.const ${this.random(100)}))) (else (i32.const 3)))`;
      case 3:
        return both`(if (result i32) ${this.condition()} (then ${this.throw(0)}) (else (local.get $y)))`;
      default:
        return both`(call $log (i32.const ${this.random(1000)}))`;
    }
  }

  private label(prefix: string): string {
    return `$${prefix}${this.count++}`;
  }

  /** `make` with `label` open. */
  private within<T>(label: string, make: () => T): T {
    this.labels.push(label);
    const made = make();
    this.labels.pop();
    return made;
  }

  private block(depth: number): Both {
    const label = this.label("b");
    return this.within(label, () => {
      const value = this.expr(depth - 1);
      return both`(block ${label} (result i32) (drop (br_if ${label} ${value} ${this.condition()})) ${this.expr(depth - 1)})`;
    });
  }

  /** Goes round while there is fuel. An exception caught outside ends it. */
  private loop(depth: number): Both {
    const label = this.label("l");
    return both`(loop ${label} (result i32) (local.set $x ${this.expr(depth - 1)})
      (if (i32.gt_s (global.get $fuel) (i32.const 0)) (then
        (global.set $fuel (i32.sub (global.get $fuel) (i32.const 1))) (br ${label})))
      (local.get $x))`;
  }

  private throw(depth: number): Both {
    const deeper = (): Both => this.expr(Math.max(depth - 2, 0));
    const rethrown = this.catching.length > 0 ? 4 : 0;
    switch (this.random(8 + rethrown)) {
      case 0:
        return both`(throw $e0)`;
      case 1:
      case 2:
        return both`(throw $e1 ${deeper()})`;
      case 3:
      case 4:
        return both`(throw $e2 (i64.extend_i32_u ${deeper()}) (f64.const ${this.random(50)}) ${deeper()})`;
      case 5:
        return both`(unreachable)`;
      case 6:
      case 7:
        if (this.func + 1 < FUNCS) return both`(return_call $f${this.func + 1} ${deeper()})`;
        return both`(return_call $fail ${deeper()})`;
      default: {
        const label = this.pick(this.catching);
        return [`(rethrow ${label})`, `(throw_ref (local.get ${exnOf(label)}))`];
      }
    }
  }

  private call(depth: number): Both {
    if (this.func + 1 >= FUNCS) return this.leaf();
    return both`(call $f${this.func + 1 + this.random(FUNCS - this.func - 1)} ${this.expr(depth - 1)})`;
  }

  private delegate(depth: number): Both {
    const label = this.label("d");
    if (this.labels.length === 0) return this.try(depth);
    const target = this.pick(this.labels);
    return this.within(
      label,
      () => both`(try ${label} (result i32) (do ${this.expr(depth - 1)}) (delegate ${target}))`,
    );
  }

  private try(depth: number): Both {
    const label = this.label("t");
    return this.within(label, () => {
      const body = this.random(6) === 0 ? this.throw(depth - 1) : this.expr(depth - 1);
      const tags = [0, 1, 2].filter(() => this.random(3) === 0);
      const clauses = tags.map((tag) => ({ tag, body: this.catchBody(label, tag, depth) }));
      const all = this.random(3) === 0 ? this.catchBody(label, -1, depth) : undefined;
      return [legacyTry(label, body[0], clauses, all), tableTry(label, body[1], clauses, all)];
    });
  }

  /** The values of the tag are on the stack. */
  private catchBody(label: string, tag: number, depth: number): Both {
    this.catching.push(label);
    if (!this.exns.includes(exnOf(label))) this.exns.push(exnOf(label));
    const body = this.expr(depth - 1);
    this.catching.pop();
    if (tag === 1) return both`(i32.add ${body})`;
    if (tag === 2) {
      return both`(local.set $x) (i32.trunc_sat_f64_s) (local.set $y) (i32.wrap_i64) (i32.sub ${body})`;
    }
    return body;
  }
}

interface Clause {
  readonly tag: number;
  readonly body: Both;
}

const exnOf = (label: string): string => `$x${label.slice(1)}`;

function legacyTry(label: string, body: string, clauses: readonly Clause[], all: Both | undefined): string {
  const catches = clauses.map((c) => `(catch $e${c.tag} ${c.body[0]})`).join(" ");
  const rest = all === undefined ? "" : `(catch_all ${all[0]})`;
  return `(try ${label} (result i32) (do ${body}) ${catches} ${rest})`;
}

const payloads = ["", "i32", "i64 f64 i32"];

/** Nested blocks, one for each clause, the innermost for the first. */
function tableTry(label: string, body: string, clauses: readonly Clause[], all: Both | undefined): string {
  const exn = `(local.set ${exnOf(label)})`;
  const own = (i: number | "a"): string => `${label}_${i}`;
  const list = clauses.map((c, i) => `(catch_ref $e${c.tag} ${own(i)})`);
  if (all !== undefined) list.push(`(catch_all_ref ${own("a")})`);
  let text = `(br ${label} (try_table (result i32) ${list.join(" ")} ${body}))`;
  clauses.forEach((c, i) => {
    text = `(block ${own(i)} (result ${payloads[c.tag]} exnref) ${text}) ${exn} ${c.body[1]} (br ${label})`;
  });
  if (all !== undefined) text = `(block ${own("a")} (result exnref) ${text}) ${exn} ${all[1]}`;
  return `(block ${label} (result i32) ${text})`;
}

/** The program of number `seed`. */
export const exceptionCase = (seed: number, hasDelegate: boolean): ExceptionCase =>
  new Generator(seed * 7919 + 17, hasDelegate).program();
