/**
 * Statements that compute the rows with lanes (`instrs-simd.ts`), for the generated switches.
 *
 * Vectors are word indices `d` (result), `a`, `b`, `c` into the views of the frame stack. Lanes of 8 and 16 bits are
 * loops, wider ones are written out: all values first, since the result may be an operand. A loop goes in the
 * direction in which it reads a lane before it overwrites it.
 */
import { type InstrDef, instrDef, type Mnemonic } from "../instrs.ts";
import type { Lane, LaneDef } from "../instrs-simd.ts";

export const bitsOf = (lane: Lane): number => Number(lane.slice(1));
const countOf = (lane: Lane): number => 128 / bitsOf(lane);
const operands = ["a", "b", "c"] as const;
/** Word index of a vector; the result may be one of its operands. */
type Operand = (typeof operands)[number] | "d";

/** View of the frame stack that has lanes of this kind; an i64 is two words. */
const viewOf: Readonly<Record<Lane, string>> = {
  i8: "I8",
  u8: "U8",
  i16: "I16",
  u16: "U16",
  i32: "I",
  u32: "I",
  i64: "I",
  f32: "F32",
  f64: "F64",
};

/** Index in the view of the first lane of the vector at word index `base`. */
function firstOf(lane: Lane, base: string): string {
  const bits = bitsOf(lane);
  return bits === 8 ? `${base} << 2` : bits === 16 ? `${base} << 1` : lane === "f64" ? `${base} >> 1` : base;
}

/** Lane `i` of `base` as a number. */
function read(lane: Lane, base: string, i: number): string {
  const first = firstOf(lane, base);
  return `${viewOf[lane]}[${first === base ? base : `(${first})`} + ${i}]${lane === "u32" ? " >>> 0" : ""}`;
}

interface Expr {
  /** One text, or the two words. */
  readonly parts: readonly string[];
  /** Operands are words, not numbers. */
  readonly isWords: boolean;
}

/** The expression of a row: its own, or that of the scalar instruction it names. */
function exprOf({ js, from, to }: LaneDef): Expr {
  if (typeof js !== "string") return { parts: js, isWords: true };
  if (!/^[if]\d\d\.\w+$/.test(js)) return { parts: [js], isWords: from === "i64" };
  const { words, js: scalar } = instrDef(js as Mnemonic);
  if (words === undefined) return { parts: [scalar as string], isWords: false };
  const parts = typeof words === "string" ? [words] : words;
  return { parts, isWords: bitsOf(from) === 64 || bitsOf(to) === 64 || from === "f32" };
}

/** `text` with the lanes numbered `lanes[k]` of the operands for `$k`, `$kl`, `$kh`. */
function fill(
  text: string,
  { isWords }: Expr,
  from: Lane,
  args: readonly (readonly [base: string, lane: number])[],
): string {
  args.forEach(([base, lane], k) => {
    const word = bitsOf(from) === 64 ? lane * 2 : lane;
    if (isWords && bitsOf(from) === 64) {
      text = text.replaceAll(`$${k}l`, `I[${base} + ${word}]`).replaceAll(`$${k}h`, `I[${base} + ${word + 1}]`);
    } else text = text.replaceAll(`$${k}`, isWords ? `I[${base} + ${word}]` : read(from, base, lane));
  });
  return text;
}

/** Values of all result lanes first, then their places: `[view index, value]`. */
function unrolled(values: readonly string[], place: (n: number) => string): string {
  const consts = values.map((v, n) => `r${n} = ${v}`).join(", ");
  return `const ${consts}; ${values.map((_, n) => `${place(n)} = r${n};`).join(" ")}`;
}

/** Where value `n` goes: as words when `isWords`. */
function placeOf(to: Lane, isWords: boolean): (n: number) => string {
  if (isWords || to === "i64") return (n) => `I[d + ${n}]`;
  return to === "f64" ? (n) => `F64[(d >> 1) + ${n}]` : (n) => `${viewOf[to]}[d + ${n}]`;
}

/** Source lanes of result lane `i`, for each `$k`. */
function sources({ how, to }: LaneDef, i: number, used: readonly Operand[]): (readonly [string, number])[] {
  if (how === "pairs") return used.flatMap((o) => [[o, 2 * i] as const, [o, 2 * i + 1] as const]);
  return used.map((o) => [o, how === "high" ? i + countOf(to) : i]);
}

const isMask = (def: LaneDef): boolean => def.how === "mask";

/** The result's lanes one by one; those of 64 bits as words where the expression has words. */
function wideBody(def: LaneDef, used: readonly Operand[]): string {
  const e = exprOf(def);
  const values: string[] = [];
  const n = def.how === "zero" ? countOf(def.from) : countOf(def.to);
  for (let i = 0; i < n; i++) {
    const first = values.length;
    const args = sources(def, i, used);
    for (const part of e.parts) values.push(fill(part, e, def.from, args).replaceAll("$lo", `r${first}`));
    if (isMask(def)) maskLast(values, def.to);
  }
  if (def.how === "zero") while (values.length < countOf(def.to)) values.push("0");
  const isWords = e.parts.length === 2 || isMask(def) || (e.isWords && bitsOf(def.to) === 32);
  return unrolled(values, placeOf(def.to, isWords));
}

/** Turns the last value, a condition, into the word or words of a mask. */
function maskLast(values: string[], to: Lane): void {
  const condition = (values.pop() as string).replace(/ \? 1 : 0$/, "");
  values.push(`${condition} ? -1 : 0`);
  if (bitsOf(to) === 64) values.push(`r${values.length - 1}`);
}

/** Lanes of 8 or 16 bits in a loop. */
function loopBody(def: LaneDef, used: readonly Operand[]): string {
  const { how, from, to } = def;
  const e = exprOf(def);
  const n = countOf(to);
  const index = how === "pairs" ? "2 * i" : how === "high" ? `${n} + i` : "i";
  let text = e.parts[0] as string;
  const perOperand = how === "pairs" ? 2 : 1;
  used.forEach((o, k) => {
    for (let p = 0; p < perOperand; p++) {
      const at = `${viewOf[from]}[${o}0 + ${index}${p === 1 ? " + 1" : ""}]`;
      text = text.replaceAll(`$${k * perOperand + p}`, at);
    }
  });
  if (isMask(def)) text += " ? -1 : 0";
  const bases = [...used.map((o) => `${o}0 = ${firstOf(from, o)}`), `to = ${firstOf(to, "d")}`];
  const steps = how === "low" ? `let i = ${n - 1}; i >= 0; i--` : `let i = 0; i < ${n}; i++`;
  return `const ${bases.join(", ")}; for (${steps}) ${viewOf[to]}[to + i] = ${text};`;
}

const isNarrow = (lane: Lane): boolean => bitsOf(lane) < 32;

/** Widens the low lanes of the vector that is in the result already. */
export const lowBody = (def: LaneDef): string => (isNarrow(def.to) ? loopBody(def, ["d"]) : wideBody(def, ["d"]));

function pickBody(def: LaneDef): string {
  const wide = bitsOf(def.from) === 64;
  const e: Expr = { parts: [def.js as string], isWords: false };
  const values: string[] = [];
  const heads: string[] = [];
  for (let i = 0; i < countOf(def.from); i++) {
    heads.push(
      `k${i} = ${fill(def.js as string, e, def.from, [
        ["a", i],
        ["b", i],
      ])} ? b : a`,
    );
    if (wide) values.push(`I[k${i} + ${2 * i}]`, `I[k${i} + ${2 * i + 1}]`);
    else values.push(`I[k${i} + ${i}]`);
  }
  return `const ${heads.join(", ")}; ${unrolled(values, placeOf("i32", true))}`;
}

function shiftBody(def: LaneDef): string {
  const head = `const n = I[b]${isNarrow(def.from) ? ` & ${bitsOf(def.from) - 1}` : ""}; `;
  const { parts } = exprOf(def);
  const js = parts.map((p) => p.replaceAll("$1l", "n").replaceAll("$1", "n"));
  const shifted: LaneDef = { ...def, how: "each", js: js.length === 1 ? (js[0] as string) : (js as [string, string]) };
  return head + (isNarrow(def.from) ? loopBody(shifted, ["a"]) : wideBody(shifted, ["a"]));
}

function narrowBody({ from, to, js }: LaneDef): string {
  const half = countOf(from);
  const view = bitsOf(to) === 8 ? "T8" : "T16";
  const value = (o: Operand): string => (js as string).replace("$0", `${viewOf[from]}[${o}0 + i]`);
  const bases = `const a0 = ${firstOf(from, "a")}, b0 = ${firstOf(from, "b")};`;
  return `${bases} for (let i = 0; i < ${half}; i++) { ${view}[i] = ${value("a")}; ${view}[i + ${half}] = ${value("b")}; } putScratch(I, d);`;
}

/** i32 made of the sign bits, or whether all lanes are not 0. */
function reduceBody({ how, from }: LaneDef): string {
  const n = countOf(from);
  if (how === "any") return "I[d] = (I[a] | I[a + 1] | I[a + 2] | I[a + 3]) !== 0 ? 1 : 0;";
  if (isNarrow(from)) {
    const lane = `${viewOf[from]}[a0 + i]`;
    const step = how === "all" ? `if (${lane} === 0) r = 0;` : `r |= (${lane} >>> 31) << i;`;
    return `const a0 = ${firstOf(from, "a")}; let r = ${how === "all" ? 1 : 0}; for (let i = 0; i < ${n}; i++) ${step} I[d] = r;`;
  }
  const words = bitsOf(from) / 32;
  const lanes = Array.from({ length: n }, (_, i) => i * words);
  if (how === "bits") return `I[d] = ${lanes.map((w, i) => `(I[a + ${w + words - 1}] >>> 31) << ${i}`).join(" | ")};`;
  const isSet = (w: number): string => (words === 1 ? `I[a + ${w}] !== 0` : `(I[a + ${w}] | I[a + ${w + 1}]) !== 0`);
  return `I[d] = ${lanes.map(isSet).join(" && ")} ? 1 : 0;`;
}

function splatBody({ from }: LaneDef): string {
  const word =
    from === "i8" ? "(I[a] & 0xff) * 0x01010101 | 0" : from === "i16" ? "I[a] & 0xffff | I[a] << 16" : "I[a]";
  const values = bitsOf(from) === 64 ? ["I[a]", "I[a + 1]", "r0", "r1"] : [word, "r0", "r0", "r0"];
  return unrolled(values, placeOf("i32", true));
}

function extractBody({ from }: LaneDef): string {
  if (isNarrow(from)) return `I[d] = ${viewOf[from]}[(${firstOf(from, "a")}) + c];`;
  if (bitsOf(from) === 32) return "I[d] = I[a + c];";
  return unrolled(["I[a + 2 * c]", "I[a + 2 * c + 1]"], placeOf("i32", true));
}

export const copyVector = (from: string): string =>
  unrolled(
    [0, 1, 2, 3].map((i) => `I[${from} + ${i}]`),
    (n) => `I[d + ${n}]`,
  );

/** Sets lane `c` of the vector at `d` to the words `x`, `y`. */
export function setLane(lane: Lane, c: string): string {
  if (isNarrow(lane)) return `${viewOf[lane]}[(${firstOf(lane, "d")}) + ${c}] = x;`;
  return bitsOf(lane) === 32 ? `I[d + ${c}] = x;` : `I[d + 2 * ${c}] = x; I[d + 2 * ${c} + 1] = y;`;
}

function replaceBody({ from }: LaneDef): string {
  const head = bitsOf(from) === 64 ? "const x = I[b], y = I[b + 1]; " : "const x = I[b]; ";
  return `${head}${copyVector("a")} ${setLane(from, "c")}`;
}

/** Statements of row `d`; `c` is its third operand or lane index. */
export function laneBody(d: InstrDef): string {
  const def = d.lanes as LaneDef;
  const used = operands.slice(0, (d.type as readonly [readonly unknown[], unknown])[0].length);
  switch (def.how) {
    case "pick":
      return pickBody(def);
    case "shift":
      return shiftBody(def);
    case "narrow":
      return narrowBody(def);
    case "any":
    case "all":
    case "bits":
      return reduceBody(def);
    case "splat":
      return splatBody(def);
    case "extract":
      return extractBody(def);
    case "replace":
      return replaceBody(def);
    case "call":
      return `${def.js as string}(s, d, ${used.join(", ")});`;
    default:
      return isNarrow(def.to) ? loopBody(def, used) : wideBody(def, used);
  }
}

/** Declares the views that `text` uses. */
export function withViews(text: string): string {
  const names = ["I", "F32", "F64", "I8", "U8", "I16", "U16"].filter((v) => new RegExp(`\\b${v}[[,]`).test(text));
  return names.length === 0 ? text : `const { ${names.join(", ")} } = s; ${text}`;
}
