/** Counts dispatched operations and pairs of neighbours. Runs only in the bundle that `command.ts` makes. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../conformance/real/project.ts";
import { Engine } from "../../engine/index.ts";
import { CASE_SHIFT, COLD_START, type OpDef, opDef } from "../../engine/interpret/ops.ts";

export interface Pair {
  readonly first: string;
  readonly second: string;
  readonly count: number;
}

export interface Counts {
  readonly kernel: string;
  readonly n: number;
  /** Operations dispatched. */
  readonly total: number;
  /** By name, most frequent first. */
  readonly ops: readonly (readonly [name: string, count: number])[];
  /** The second stands right after the first in flat code and ran right after it, most frequent first. */
  readonly pairs: readonly Pair[];
}

/** Numbers of operations are below this; see `VECTOR_START` in ops.ts. */
const space = 16384;

/** A hot operation is counted under its case, which none of the others has for a number. */
const defOf = (op: number): OpDef | undefined => opDef(op < COLD_START ? op << CASE_SHIFT : op);

class Tally {
  total = 0;
  readonly ops = new Float64Array(space);
  readonly pairs = new Map<number, number>();
  #lastOp = -1;
  #lastPc = 0;

  count(code: Int32Array, pc: number): void {
    const { num } = opDef(code[pc]!)!;
    const op = num >>> CASE_SHIFT === 0 ? num : num >>> CASE_SHIFT;
    this.total++;
    this.ops[op]!++;
    // After a jump there is nothing to fuse: forwards, neighbours are as far apart as the first is long.
    const distance = pc - this.#lastPc;
    if (this.#lastOp >= 0 && distance > 0 && distance === defOf(this.#lastOp)?.words) {
      const key = this.#lastOp * space + op;
      this.pairs.set(key, (this.pairs.get(key) ?? 0) + 1);
    }
    this.#lastOp = op;
    this.#lastPc = pc;
  }
}

const nameOf = (op: number): string => defOf(op)?.name ?? `#${op}`;

/** Runs a kernel once, counting. */
export function countKernel(name: string, n: number): Counts {
  const tally = new Tally();
  const hooks = globalThis as unknown as { countOp: (code: Int32Array, pc: number) => void };
  hooks.countOp = (code, pc) => tally.count(code, pc);
  const engine = new Engine({ tier: "interp" });
  const bytes = readFileSync(join(root, "bench", "cases", "prebuilt", `${name}.wasm`));
  engine.instantiate(engine.compile(bytes), { env: { abort: () => undefined } }).invoke("run", [n]);
  const ops = [...tally.ops.entries()].filter(([, count]) => count > 0);
  return {
    kernel: name,
    n,
    total: tally.total,
    ops: ops.map(([op, count]) => [nameOf(op), count] as const).sort((a, b) => b[1] - a[1]),
    pairs: [...tally.pairs]
      .map(([key, count]) => ({ first: nameOf(Math.floor(key / space)), second: nameOf(key % space), count }))
      .sort((a, b) => b.count - a.count),
  };
}
