/**
 * A part of a function as a function of its own, beside it: see `splitting.ts`. It is given the locals that it uses and
 * leaves those that it sets where functions leave several results (`results.ts`). Ways out of it are numbered; what a
 * branch carries is left there, too.
 *
 *     loop $l                                 const f7x0=(function f7x0(l0,l1){let y=0;L0:{
 *       (br_if $out (i32.eqz (local.get 0)))    L2:for(;;){if(l0===0){y=1;break L0;}
 *       (local.set 0 (...))              ──►      l0=...;continue L2;
 *       (br $l)                                 }}V[0]=l0;return y;});
 *     end                                     ...
 *                                             y=f7x0(l0,l1);l0=V[0];break L1;
 *
 * Lines are written as ever, and taken out at the end, when it is seen which variables are in them.
 */
import { I64, isRef, type ValType } from "../types.ts";
import { type FunctionText, isFloat, type Label } from "./function-text.ts";
import type { Operand } from "./operand.ts";

/** A way out: a branch to a label outside, or the end. */
interface Way {
  readonly number: number;
  readonly types: readonly ValType[];
  /** Float classes of what is carried. */
  readonly nodes: readonly number[];
}

export interface Outline {
  readonly name: string;
  /** Else it is a case, which ends with the block that it is in. */
  readonly isLoop: boolean;
  /** Labels from this depth on are in it. */
  readonly depth: number;
  /** Operands below this are of the blocks around. */
  readonly height: number;
  /** How many operands it takes. */
  readonly params: number;
  /** Memories may have other views after it. */
  readonly changesViews: boolean;
  /** By label; undefined: the end. */
  readonly ways: Map<Label | undefined, Way>;
  /** Its lines, and the one that calls it. */
  readonly from: number;
  to: number;
  callLine: number;
}

/** Where a way out goes in a generated function. */
const EXIT = "L0";
const NUMBER = "y";

/** Takes out the loop or case that begins at `offset`, if it is to be; its `params` operands are in their slots. */
export function openOutline(f: FunctionText, offset: number, params = 0): void {
  const part = f.splitting.parts.get(offset);
  if (part === undefined || f.outline !== undefined || f.out.isMuted) return;
  // In a function that is entered in it, it is no unit.
  if (f.entry !== undefined && !f.isEntered && f.entry.offset > offset && f.entry.offset < part.end) return;
  f.hasCalls = true;
  f.outline = {
    name: `${f.name}x${f.outlines.length}`,
    isLoop: part.isLoop,
    depth: f.labels.length,
    height: f.pending.height - params,
    params,
    changesViews: part.changesViews,
    ways: new Map(),
    from: f.out.nextLine,
    to: -1,
    callLine: -1,
  };
}

const nodesOf = (f: FunctionText, types: readonly ValType[]): readonly number[] =>
  types.map((t) => (isFloat(t) ? f.floats.node() : -1));

/** True when a branch to `label` leaves the part that is being taken out. */
export const isOutside = (f: FunctionText, label: Label): boolean =>
  f.outline !== undefined && label.depth < f.outline.depth;

/** Statements that leave it for `label`, or at its end, with the topmost operands, of the `types`. */
export function leaveOutline(f: FunctionText, label: Label | undefined, types: readonly ValType[]): string {
  const { ways } = f.outline as Outline;
  const way = ways.get(label) ?? { number: ways.size, types, nodes: nodesOf(f, types) };
  ways.set(label, way);
  return `${leave(f, way)}${NUMBER}=${way.number};break ${EXIT};`;
}

/** Statements that leave the topmost operands for the caller. */
function leave(f: FunctionText, { types, nodes }: Way): string {
  const { pending } = f;
  const first = pending.height - types.length;
  let text = "";
  for (let i = 0; i < types.length; i++) {
    const o = pending.list[first + i];
    f.floats.join(o.node, nodes[i]);
    text += leaveValue(f, i, o, nodes[i]);
  }
  return text;
}

function leaveValue(f: FunctionText, i: number, o: Operand, node: number): string {
  const { pending, env } = f;
  if (isRef(o.type)) return `${env.resultRefs()}[${i}]=${o.lo.text};`;
  if (isFloat(o.type)) return `${env.resultFloats()}[${i}]=${pending.valueOf(o, node)};`;
  if (o.type === I64 && f.bigs !== undefined) {
    const h = (f.outline as Outline).height + i;
    return pending.assignment(pending.slotId(h), pending.slotId(h, 1), o, node);
  }
  const low = `${env.results()}[${2 * i}]=${o.lo.text};`;
  return o.hi === undefined ? low : `${low}${env.results()}[${2 * i + 1}]=${o.hi.text};`;
}

/**
 * It has ended, and has no labels any more: calls it, and goes where it was left for.
 *
 * @param jump statements that go to a label with the topmost operands
 */
export function closeOutline(f: FunctionText, jump: (f: FunctionText, label: Label) => string): void {
  const outline = f.outline as Outline;
  const { out } = f;
  // What that may write belongs to the part, where it is never reached.
  f.pending.truncate(outline.height);
  f.outline = undefined;
  f.outlines.push(outline);
  outline.to = out.nextLine;
  outline.callLine = out.line("");
  if (outline.changesViews) f.views.changed();
  for (const [label, way] of outline.ways) {
    if (label === undefined) continue;
    const text = takeValues(f, outline, way) + jump(f, label);
    out.line(outline.ways.size === 1 ? text : `if(${NUMBER}===${way.number}){${text}}`);
  }
  const end = outline.ways.get(undefined);
  f.isDead = end === undefined;
  if (end === undefined) return;
  const text = takeValues(f, outline, end);
  if (text !== "") out.line(text);
}

/** Pushes what was carried on a way out, in slots; the statements that put it there. */
function takeValues(f: FunctionText, { height }: Outline, { types, nodes }: Way): string {
  const { pending, env } = f;
  pending.truncate(height);
  let text = "";
  types.forEach((t, i) => {
    const low = pending.variable(pending.slotId(height + i)).text;
    if (isRef(t)) text += `${low}=${env.resultRefs()}[${i}];`;
    else if (isFloat(t)) text += `${low}=${env.resultFloats()}[${i}];`;
    else if (t !== I64) text += `${low}=${env.results()}[${2 * i}];`;
    else if (f.bigs === undefined) {
      const high = pending.variable(pending.slotId(height + i, 1)).text;
      text += `${low}=${env.results()}[${2 * i}];${high}=${env.results()}[${2 * i + 1}];`;
    }
    pending.pushSlot(t, t === I64, nodes[i]);
  });
  return text;
}

/* When all is written */

/** Lines, and of each the offset and that of what fails there. */
export interface Lines {
  readonly lines: string[];
  readonly offsets: number[];
  readonly causes: number[];
}

/** The functions that were taken out of `f`, and what is left of it. */
export interface Parts {
  readonly outlines: Lines;
  readonly rest: Lines;
  /** Most variables that one of the functions has. */
  readonly variables: number;
}

/** Of a line: variables that it reads or sets; those that it sets. */
const NAMES = /(?<![\w$.])(?:[lhszt]\d+|w[1-9]\d*|[vw]0|bp|wp|n)(?![\w$])/g;
const SET = /(?<![\w$.])([lh]\d+)=(?!=)/g;

/** @cost O(characters) */
export function partsOf(f: FunctionText): Parts {
  if (f.outlines.length === 0) return { outlines: { lines: [], offsets: [], causes: [] }, rest: f.out, variables: 0 };
  f.views.finish();
  const outlines: Lines = { lines: [], offsets: [], causes: [] };
  const rest: Lines = { lines: [], offsets: [], causes: [] };
  let variables = 0;
  let from = 0;
  for (const outline of f.outlines) {
    const names = namesIn(f, outline);
    variables = Math.max(variables, names.params.length + names.own.length);
    add(outlines, [headOf(f, outline, names)]);
    copy(f, outline.from, outline.to, outlines);
    add(outlines, [tailOf(f, outline, names)]);
    f.out.replace(outline.callLine, callOf(f, outline, names));
    copy(f, from, outline.from, rest);
    from = outline.to;
  }
  copy(f, from, f.out.lines.length, rest);
  return { outlines, rest, variables };
}

function add(to: Lines, lines: readonly string[]): void {
  for (const line of lines) {
    to.lines.push(line);
    to.offsets.push(0);
    to.causes.push(0);
  }
}

function copy({ out }: FunctionText, from: number, end: number, to: Lines): void {
  for (let k = from; k < end; k++) {
    to.lines.push(out.lines[k]);
    to.offsets.push(out.offsets[k]);
    to.causes.push(out.causes[k]);
  }
}

interface Names {
  readonly params: readonly string[];
  readonly own: readonly string[];
  /** Words of locals that it sets. */
  readonly set: readonly string[];
}

function namesIn(f: FunctionText, { from, to, height, params }: Outline): Names {
  const text = f.out.lines.slice(from, to).join("\n");
  const all = [...new Set(text.match(NAMES) ?? [])];
  const isParam = (name: string): boolean => {
    if (/^[sz]/.test(name)) return Number(name.slice(1)) >= height && Number(name.slice(1)) < height + params;
    return /^(?:[lhn]|bp|wp)/.test(name);
  };
  return {
    params: all.filter(isParam),
    own: all.filter((name) => !isParam(name)),
    set: [...new Set([...text.matchAll(SET)].map((match) => match[1]))],
  };
}

function headOf(f: FunctionText, { name }: Outline, { params, own }: Names): string {
  const vars = own.map((variable) => (/^[vw]0$/.test(variable) ? f.views.declaration(variable) : `${variable}=0`));
  const head = `function ${name}(${params.join()}){let ${[...vars, `${NUMBER}=0`].join()};`;
  return `const ${name}=(${head}${EXIT}:{`;
}

/** Where the words of locals are left: behind what is carried. */
function placesOf(f: FunctionText, { ways }: Outline, { set }: Names): string[] {
  const { env } = f;
  const first = Math.max(0, ...[...ways.values()].map((way) => way.types.length));
  return set.map((word, i) => {
    const t = f.locals[Number(word.slice(1))];
    if (isRef(t)) return `${env.resultRefs()}[${first + i}]`;
    return isFloat(t) ? `${env.resultFloats()}[${first + i}]` : `${env.results()}[${2 * (first + i)}]`;
  });
}

function tailOf(f: FunctionText, outline: Outline, names: Names): string {
  const places = placesOf(f, outline, names);
  return `}${names.set.map((word, i) => `${places[i]}=${word};`).join("")}return ${NUMBER};});`;
}

function callOf(f: FunctionText, outline: Outline, names: Names): string {
  const places = placesOf(f, outline, names);
  const call = `${outline.name}(${names.params.join()});`;
  const values = names.set.map((word, i) => `${word}=${places[i]};`).join("");
  return `${outline.ways.size > 1 ? `${NUMBER}=` : ""}${call}${values}`;
}
