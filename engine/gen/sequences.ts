/** Bodies of operations whose operands may come from the one before: branches, and the sequences of `interpret/fused.ts`. */
import { instrDef, type Mnemonic, type NumType } from "../instrs.ts";
import { accessAfter, isAccess, type Link, type Sequence, sequences } from "../interpret/fused.ts";
import { type OpDef, ops } from "../interpret/ops.ts";
import { packedWords } from "../interpret/pack.ts";
import { bodies, jump, slots } from "./bodies.ts";
import {
  compute,
  expression,
  isWholeArithmetic,
  joined,
  type Operand,
  type Plain,
  slot,
  wholeExpression,
} from "./expressions.ts";

/** The word index of the slot that word `n` names. */
export const at = (n: number): string => `fp + code[pc + ${n}]`;

const byName = new Map(ops.map((o) => [o.name, o]));

/** Words that a sequence takes from a value: word number to name. */
type Taken = ReadonlyMap<number, string>;
const nothing: Taken = new Map();

/** Operands of a derived operation. */
export function operands(o: OpDef, taken = nothing): Operand[] {
  const [params] = instrDef(o.row as Mnemonic).type as Plain;
  const first = o.cls === "branch" ? 1 : 2;
  return params.map((_, i) => {
    const value = taken.get(first + i);
    if (value !== undefined) return { value };
    return i === 1 && o.name.endsWith(":i") ? { word: `code[pc + ${first + 1}]` } : { at: at(first + i) };
  });
}

/** A branch on the comparison of a row. */
export function branchBody(o: OpDef, args: readonly Operand[]): string {
  const { head, text } = expression(instrDef(o.row as Mnemonic), args);
  const condition = text.replace(" ? 1 : 0", "");
  return `${head}if (${o.name.startsWith("br_not") ? `!(${condition})` : condition}) ${jump(3)}`;
}

/** Operations whose last statement is a branch that may not be taken. */
const isConditional = new Set(["br_nz", "br_z", "add_br_nz", "add_br_ne"]);

/** True when control goes on after the operation. */
export function goesOn(o: OpDef): boolean {
  if (o.cls === "fused") return goesOn(byName.get(o.name.split(" ").at(-1) as string) as OpDef);
  return (
    o.row !== undefined ||
    isConditional.has(o.name) ||
    !/(continue;|break;|break run;)( \})?\s*$/.test(bodies[o.name] as string)
  );
}

/** Words from where `pc` is at the end of the body to the next operation: in a sequence it is at the last operation. */
export const stepOf = (o: OpDef): number =>
  o.cls === "fused" ? (byName.get(o.name.split(" ").at(-1) as string) as OpDef).words : o.words;

/** `text` with the slots of `o` taken from its first word, which is `word`. */
export function packed(text: string, o: OpDef, word: string): string {
  const shifts = ["<< 1", ">> 7", ">> 15"];
  return packedWords(o).reduce(
    (all, n) => all.replaceAll(`fp + code[pc + ${n}]`, `fp + (${word} ${shifts[n - 1]} & 510)`),
    text,
  );
}

/** The same of operation `i` of a sequence, whose first word is to be fetched: worth it for two slots. */
function packedPart(text: string, o: OpDef, i: number): string {
  if (i === 0) return packed(text, o, "w");
  const uses = packedWords(o).filter((n) => text.includes(`fp + code[pc + ${n}]`));
  return uses.length < 2 ? text : `const w${i} = code[pc + 0]; ${packed(text, o, `w${i}`)}`;
}

/** The body of the sequence `name`. */
export function sequenceBody(name: string): string {
  const s = sequences.find((candidate) => candidate.name === name);
  if (s === undefined) throw new Error(`no sequence ${name}`);
  check(s.ops, s.links);
  // Before an access that takes a value from nowhere else the place stays: it may have to be executed again.
  const stays = accessAfter(s);
  let taken = nothing;
  let text = "";
  s.ops.forEach((opName, i) => {
    const o = byName.get(opName) as OpDef;
    const offset = i <= stays ? sizeOf(s.ops.slice(0, i)) : 0;
    const link = linkOf(s, i, taken);
    const next = s.ops[i + 1];
    const body =
      link === undefined || link.to.length === 0
        ? whole(o, taken)
        : handOn(o, taken, link, next as string, nameOf(s.ops, link, i, taken));
    text += shifted(`${wrapped(packedPart(body, o, i), link)} `, offset);
    taken = new Map(link?.to.map((n) => [n, nameOf(s.ops, link, i, taken)]));
    if (link !== undefined && i + 1 > stays) text += `pc += ${offset + o.words}; `;
    if (link === undefined && offset > 0) text += `pc += ${offset}; `;
  });
  return text.trim();
}

const isWhole = (o: OpDef, taken: Taken): boolean =>
  o.row !== undefined && wholeExpression(instrDef(o.row), operands(o, taken)) !== undefined;

/** True when `o` hands a BigInt on to word `n` of `next`. */
const makesBigInt = (o: OpDef, taken: Taken, next: OpDef, n: number): boolean =>
  isWhole(o, taken) || (o.row === undefined && takenAs(next, n, typeOf(o)) === "i64");

/** The link after operation `i`. Who wants the words of a BigInt reads them from its slot. */
function linkOf({ ops: names, links }: Sequence, i: number, taken: Taken): Link | undefined {
  const link = links[i];
  if (link === undefined || link.to.length === 0) return link;
  const [o, next] = names.slice(i, i + 2).map((name) => byName.get(name)) as [OpDef, OpDef];
  if (!makesBigInt(o, taken, next, link.to[0] as number)) return link;
  return next.row !== undefined && isWholeArithmetic(instrDef(next.row)) ? link : { to: [], isOnly: false };
}

/** What operation `i` hands on is called `f<i>` if it is a float, `b<i>` if a BigInt, else `t<i>`. */
function nameOf(names: readonly string[], { to }: Link, i: number, taken: Taken): string {
  const [from, next] = names.slice(i, i + 2).map((name) => byName.get(name)) as [OpDef, OpDef];
  if (makesBigInt(from, taken, next, to[0] as number)) return `b${i}`;
  return `${/^f/.test(takenAs(next, to[0] as number, typeOf(from))) ? "f" : "t"}${i}`;
}

/** Names of one operation are its own, but what it hands on is for the next. */
const wrapped = (body: string, link: Link | undefined): string =>
  link !== undefined && link.to.length > 0 ? body : `{ ${body} }`;

const sizeOf = (names: readonly string[]): number =>
  names.reduce((n, name) => n + (byName.get(name) as OpDef).words, 0);

const shifted = (text: string, by: number): string =>
  by === 0 ? text : text.replace(/code\[pc \+ (\d+)\]/g, (_, n: string) => `code[pc + ${Number(n) + by}]`);

function check(names: readonly string[], links: readonly Link[]): void {
  links.forEach(({ isOnly }, i) => {
    if (!isOnly || !isAccess(names[i + 1] as string)) return;
    const isPure = names.slice(0, i + 1).every((name, k) => !isAccess(name) && (links[k] as Link).isOnly);
    if (!isPure) throw new Error(`${names.join(" ")}: what an access takes from nowhere else cannot be made again`);
  });
}

/** An operation with all it does, some of its operands taken. */
function whole(o: OpDef, taken: Taken): string {
  if (o.cls === "branch") return branchBody(o, operands(o, taken));
  if (o.row === undefined) return filled(o.name, taken);
  return compute(instrDef(o.row), at(1), operands(o, taken));
}

/** A body of `bodies.ts`, some of its operands taken. */
function filled(name: string, taken: Taken): string {
  let text = bodies[name] as string;
  const kept = taken.get(2);
  if (kept?.startsWith("f")) return slots(floatStore(name, text, kept));
  if (kept !== undefined && name.startsWith("store64"))
    text = text.replace(", v = fp + code[pc + 2]", "").replace("I[v + 1]", `${kept}h`).replace("I[v]", `${kept}l`);
  for (const [n, t] of taken) text = text.replaceAll(`$${n}`, t);
  return slots(text);
}

/** A store of the float `value`. */
function floatStore(name: string, text: string, value: string): string {
  if (name.startsWith("store32")) return text.replace("dv.setInt32", "dv.setFloat32").replace("$2", value);
  const address = /^const a = (.*), v = /.exec(text)?.[1];
  if (address === undefined) throw new Error(`${name} takes no float`);
  return `dv.setFloat64(${address}, ${value}, true);`;
}

/** What the operation makes gets a name, and is stored unless the link says that nobody needs it there. */
function handOn(o: OpDef, taken: Taken, { isOnly, to }: Link, next: string, name: string): string {
  const type = takenAs(byName.get(next) as OpDef, to[0] as number, typeOf(o));
  if (type !== typeOf(o) && !isOnly) throw new Error(`${o.name} ${next}: bits may change on the way`);
  return `${value(o, taken, type, name)}${isOnly ? "" : store(type, name)}`;
}

/** Declares the result of type `type` as `name`: of a pair, `namel` and `nameh`. */
function value(o: OpDef, taken: Taken, type: NumType, name: string): string {
  if (o.row === undefined) return loaded(o, taken, type, name);
  const d = instrDef(o.row);
  if (name.startsWith("b")) return `const ${name} = ${wholeExpression(d, operands(o, taken))}; `;
  const { head, text } = expression(d, operands(o, taken), name);
  if (typeof d.words !== "object") return `${head}const ${name} = ${text}; `;
  const [lo, hi] = JSON.parse(text) as [string, string];
  if (type === "f64") throw new Error(`${o.name} makes words`);
  return `${head}const ${name}l = ${lo}, ${name}h = ${hi.replaceAll("$lo", `${name}l`)}; `;
}

/** What the body of an operation assigns to its first word's slot. */
function loaded(o: OpDef, taken: Taken, type: NumType, name: string): string {
  const text = filled(o.name, taken);
  const [, address, wide] = /^const a = (.*); B\[\(.*?\]\) >> 1\] = (.*);$/s.exec(text) ?? [];
  if (wide !== undefined)
    return type === "f64"
      ? `const ${name} = dv.getFloat64(${address}, true); `
      : `const ${name}a = ${address}, ${name} = ${wide.replaceAll("32(a", `32(${name}a`)}; `;
  const assigned = /^(?:I\[fp \+ code\[pc \+ 1\]\]|B\[\(fp \+ code\[pc \+ 1\]\) >> 1\]) = (.*);$/s.exec(text)?.[1];
  if (assigned === undefined) throw new Error(`${o.name} hands nothing on`);
  return `const ${name} = ${type === "f32" ? assigned.replace("dv.getInt32", "dv.getFloat32") : assigned}; `;
}

function store(type: NumType, name: string): string {
  if (name.startsWith("b")) return `${slot("i64", `(${at(1)})`)} = ${name};`;
  if (type !== "i64") return `${slot(type, at(1))} = ${name};`;
  return `${slot("i64", `(${at(1)})`)} = ${joined(`${name}l`, `${name}h`)};`;
}

/** The type of an operation's result in its slot. */
function typeOf(o: OpDef): NumType {
  if (o.row === undefined) return /64/.test(o.name) ? "i64" : "i32";
  const { type, words } = instrDef(o.row);
  const [result] = (type as Plain)[1];
  if (words === undefined || typeof words === "string")
    return result === "i64" || words === undefined ? (result as NumType) : "i32";
  return "i64";
}

/** As what operand word `n` takes a result of type `made`. */
function takenAs(o: OpDef, n: number, made: NumType): NumType {
  if (o.row === undefined) return made;
  const d = instrDef(o.row);
  const t = (d.type as Plain)[0][n - (o.cls === "branch" ? 1 : 2)] as NumType;
  return d.words === undefined ? t : t === "f64" || t === "i64" ? "i64" : "i32";
}
