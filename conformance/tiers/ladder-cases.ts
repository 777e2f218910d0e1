/**
 * Random functions of blocks that open together, tables, branches in and out of them, and loops between, for tests that
 * compare. `run: i32 -> i64` always ends: loops share a budget. It may trap.
 */

import { body, func, moduleOf, name, type Parts, s, section, u, vec } from "../../engine/binary/encode.ts";

/** Blocks around everything that are deep enough to be flattened. */
const DEEP = 400;

/** A number below `n`, the next in a row. */
type Rng = (n: number) => number;

function rngOf(seed: number): Rng {
  let state = (seed * 2654435761 + 12345) >>> 0;
  return (n) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * n);
  };
}

/** Opcodes of the instructions used; what is not here has an immediate that its text names. */
const opcodes: Readonly<Record<string, number>> = {
  block: 0x02,
  loop: 0x03,
  if: 0x04,
  else: 0x05,
  end: 0x0b,
  br: 0x0c,
  br_if: 0x0d,
  br_table: 0x0e,
  return: 0x0f,
  call: 0x10,
  drop: 0x1a,
  "local.get": 0x20,
  "local.set": 0x21,
  "local.tee": 0x22,
  "i32.load": 0x28,
  "i32.const": 0x41,
  "i64.const": 0x42,
  "i32.gt_u": 0x4b,
  "i32.add": 0x6a,
  "i32.mul": 0x6c,
  "i32.and": 0x71,
  "i32.shr_u": 0x76,
  "i64.add": 0x7c,
  "i64.mul": 0x7e,
  "i64.xor": 0x85,
  "f64.add": 0xa0,
  "i64.extend_i32_u": 0xad,
  "i64.trunc_f64_s": 0xb0,
};
const HALF = [0x44, 0, 0, 0, 0, 0, 0, 0xe0, 0x3f];
const names: Readonly<Record<string, number>> = { $leaf: 0, $x: 0, $i: 1, $a: 2, $d: 3 };

/** Bytes of flat text. Assemblers take too long over deep nesting. */
function assemble(text: string): Parts {
  const words = text.trim().split(/\s+/);
  const code: Parts[] = [];
  const number = (): number => names[words[0] as string] ?? Number(words[0]);
  while (words.length > 0) {
    const m = words.shift() as string;
    if (m === "f64.const") code.push(HALF);
    else code.push([opcodes[m] as number]);
    if (/^(block|loop|if)$/.test(m)) code.push([words[0] === "i64" && words.shift() ? 0x7e : 0x40]);
    else if (m === "br_table") {
      const labels: number[] = [];
      while (/^\d/.test(words[0] ?? "")) labels.push(Number(words.shift()));
      code.push(vec(labels.slice(0, -1).map(u)), u(labels.at(-1) as number));
    } else if (m === "i32.load") code.push([0], u(number()));
    else if (m === "i32.const" || m === "i64.const") code.push(s(number()));
    else if (/^(br|br_if|call|local\..*)$/.test(m)) code.push(u(number()));
    else continue;
    if (!/^(block|loop|if|br_table)$/.test(m)) words.shift();
  }
  return code;
}

const I32 = 0x7f;
const I64 = 0x7e;
const F64 = 0x7c;

/** `leaf` and `run`, exported, and a memory of one page. */
const moduleWith = (code: string): Uint8Array =>
  moduleOf(
    section(1, vec([func([I64], [I64]), func([I32], [I64])])),
    section(3, vec([0, 1])),
    section(5, vec([[0, 1]])),
    section(7, vec([[...name("run"), 0, 1]])),
    section(
      10,
      vec([
        body(assemble("local.get 0 i64.const 17 i64.add")),
        body(assemble(code), [
          [1, I32],
          [1, I64],
          [1, F64],
        ]),
      ]),
    ),
  );

/** Counts what would not end. */
const budget = `local.get $i i32.const 1 i32.add local.tee $i i32.const 60 i32.gt_u
  if local.get $a return end\n`;

const step = `local.get $x i32.const 1103515245 i32.mul i32.const 12345 i32.add local.set $x\n`;
const random = `${step}local.get $x i32.const 16 i32.shr_u\n`;

class Story {
  private readonly rng: Rng;
  /** Labels of blocks around, innermost last; true is a loop. */
  private readonly labels: boolean[] = [];
  private size = 60;

  constructor(rng: Rng) {
    this.rng = rng;
  }

  private label(): number {
    // Mostly near; the outermost are all the same.
    const reach = Math.min(this.labels.length, 12);
    return reach === 0 ? 0 : this.rng(reach + (this.rng(20) === 0 ? 1 : 0));
  }

  private within(isLoop: boolean, text: () => string): string {
    this.labels.push(isLoop);
    const inside = text();
    this.labels.pop();
    return inside;
  }

  statements(depth: number): string {
    let text = "";
    for (let n = 1 + this.rng(3); n > 0; n--) text += this.statement(depth);
    return text;
  }

  private statement(depth: number): string {
    const { rng } = this;
    const kind = depth <= 0 || this.size-- <= 0 ? rng(5) : rng(12);
    if (kind === 0) return `local.get $a i64.const 31 i64.mul i64.const ${rng(100)} i64.add local.set $a\n`;
    if (kind === 1) return `local.get $d f64.const f64.add local.set $d\n`;
    if (kind === 2) return `local.get $a call $leaf local.set $a\n`;
    if (kind === 3) return `${random} i32.const 0xfff i32.and i32.load 61600 local.get $x i32.add local.set $x\n`;
    if (kind === 4)
      return `${random} i32.const 1 i32.and br_if ${this.label()}\n`.replace(/br_if (\d+)/, (all, n) =>
        this.safe(n, all),
      );
    if (kind === 5) return this.loop(depth);
    if (kind === 6)
      return `${random} i32.const 1 i32.and if\n${this.within(false, () => this.statements(depth - 1))}else\n${this.within(false, () => this.statements(depth - 1))}end\n`;
    if (kind === 7)
      return `block i64\n${this.within(false, () => this.plainBlock(depth))}local.get $a\nend\nlocal.set $a\n`;
    return this.ladder(depth);
  }

  /** A block with a result is left by its end only. */
  private plainBlock(depth: number): string {
    const outer = this.labels.splice(0);
    const text = this.statements(Math.min(depth - 1, 1));
    this.labels.push(...outer);
    return text;
  }

  /** The function's own label wants its result. */
  private safe(depth: string, text: string): string {
    return Number(depth) >= this.labels.length ? "drop" : text;
  }

  private loop(depth: number): string {
    return `loop\n${budget}${this.within(true, () => `${this.statements(depth - 1)}${random} i32.const 3 i32.and br_if 0\n`)}end\n`;
  }

  private ladder(depth: number): string {
    const { rng } = this;
    const count = 2 + rng(6);
    let text = "block\n".repeat(count);
    for (let n = 0; n < count; n++) this.labels.push(false);
    if (rng(4) > 0) text += this.table(count);
    else text += this.statements(depth - 1);
    for (let n = 0; n < count; n++) {
      this.labels.pop();
      text += "end\n";
      if (rng(5) > 0) text += this.statements(depth - 1);
      if (n < count - 1 && rng(4) === 0) text += `br ${rng(Math.min(this.labels.length, count - n - 1))}\n`;
    }
    return text;
  }

  private table(count: number): string {
    const { rng } = this;
    const isClean = rng(3) > 0;
    const label = (): number => (isClean ? rng(count) : Math.min(this.label(), this.labels.length - 1));
    const labels = Array.from({ length: 1 + rng(9) }, label);
    const index = rng(3) === 0 ? random : `${random} i32.const 7 i32.and\n`;
    return `${index} br_table ${labels.join(" ")} ${label()}\n`;
  }

  wrap(text: string, isDeep: boolean): string {
    return isDeep ? `${"block\n".repeat(DEEP)}${text}${"end\n".repeat(DEEP)}` : text;
  }

  /** Outermost is a loop, so that the function comes back to where it is not entered. */
  body(isDeep: boolean): string {
    if (isDeep) for (let n = 0; n < DEEP; n++) this.labels.push(false);
    const text = this.loop(5) + this.statements(4);
    return this.wrap(text, isDeep);
  }
}

/** The module; its blocks are nested deeper than they may be in JavaScript if `isDeep`. */
export function ladderCase(seed: number, isDeep: boolean): Uint8Array {
  const story = new Story(rngOf(seed));
  return moduleWith(`${story.body(isDeep)}
    local.get $a local.get $d i64.trunc_f64_s i64.add local.get $x i64.extend_i32_u i64.xor`);
}

/** A table into `count` blocks, each of which adds something at its end. */
export function longLadder(count: number): Uint8Array {
  const ends = Array.from({ length: count }, (_, i) => `end local.get $a i64.const ${i % 7} i64.add local.set $a`);
  const labels = Array.from({ length: count }, (_, i) => i);
  return moduleWith(
    `${"block ".repeat(count)} local.get $x br_table ${labels.join(" ")} ${count - 1} ${ends.join("\n")} local.get $a`,
  );
}
