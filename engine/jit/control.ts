/**
 * Structured control as JavaScript: blocks are labelled blocks, loops are `for (;;)` with a `break` at their end,
 * `br_table` is a `switch` (see `ladder-text.ts`). What a branch carries goes into the slot variables of its label.
 *
 * In a function that is entered at a loop (`Entry`), the blocks on the way to the loop are opened as usual, but what
 * comes before it in each is left out, or, inside an outer loop, skipped the first time: `if (!o) { ... }`.
 */
import { EMPTY_BLOCK, readBlockType, readLabelCount } from "../binary/imms.ts";
import { funcTypeAt } from "../module.ts";
import { F32, F64, I64, isRef, type ValType } from "../types.ts";
import { type BlockType, type FunctionText, isFloat, type Label, makeLabel } from "./function-text.ts";
import { endGuard, onWay, startGuard } from "./guard.ts";
import { awaitedTable, endRung, leaveRung, openLadder, openTable, type Rung } from "./ladder-text.ts";
import { ANY, expression, type Operand, type Part } from "./operand.ts";
import { closeOutline, isOutside, leaveOutline, openOutline } from "./outline.ts";
import { atomOf, popOperands } from "./templates.ts";

export function readType(f: FunctionText): BlockType {
  const type = readBlockType(f.reader);
  if (type === EMPTY_BLOCK) return { params: [], results: [] };
  return type < 0 ? { params: [], results: [-type] } : funcTypeAt(f.module, type);
}

/** Opens a block. Precondition: operands are in their slots. */
function open(f: FunctionText, kind: Label["kind"], type: BlockType, head: string): Label {
  const label = makeLabel(f, kind, type);
  label.paramNodes.forEach((node, i) => {
    f.floats.join(f.pending.list[label.height + i].node, node);
  });
  label.head = head;
  label.line = f.out.line(head);
  f.nesting++;
  f.labels.push(label);
  return label;
}

/* Blocks */

export function block(f: FunctionText): void {
  const ladder = f.ladders.at(f.out.at);
  if (ladder !== undefined) return openLadder(f, ladder);
  openBlock(f, readType(f), "{");
}

/** Opens a block that branches leave at its end; `head` is what opens it in JavaScript. */
export function openBlock(f: FunctionText, type: BlockType, head: string): Label {
  f.pending.settleAll(f.pending.height - type.params.length);
  const way = onWay(f);
  if (way) endGuard(f);
  const label = open(f, "block", type, head);
  if (way) startGuard(f);
  return label;
}

export function loop(f: FunctionText): void {
  const type = readType(f);
  f.pending.settleAll(f.pending.height - type.params.length);
  f.fuel?.charge();
  const way = onWay(f);
  if (way) endGuard(f);
  const isEntry = way !== undefined && f.entry?.offset === f.reader.pos;
  if (isEntry) enterHere(f);
  for (let i = f.labels.length - 1; i >= 0 && !f.labels[i].hasLoop; i--) f.labels[i].hasLoop = true;
  openOutline(f, f.reader.pos, type.params.length);
  const label = open(f, "loop", type, "for(;;){");
  f.countLoop();
  if (f.fuel !== undefined) label.tail = f.fuel.stopAtLoop(f.pending.list);
  if (way === undefined || isEntry) return;
  // Jumping back is how the code before the entry can run after all.
  f.isGuarding = true;
  startGuard(f);
}

/** The loop that opens now is the entry: what the operands are must be known to who enters. */
function enterHere(f: FunctionText): void {
  if (f.isGuarding) f.out.line("o=0;");
  f.isEntered = true;
  f.entryOperands = f.pending.list.slice();
  for (const o of f.entryOperands) f.floats.taint(o.node);
}

export function ifThen(f: FunctionText): void {
  const type = readType(f);
  const way = onWay(f);
  const c = f.pop();
  f.pending.flush(ANY);
  f.pending.settleAll(f.pending.height - type.params.length);
  if (way === undefined) return void open(f, "if", type, `if(${conditionOf(c)}){`);
  if (f.isGuarding) {
    const { text } = f.pending.variable(f.pending.slotId(f.pending.height));
    f.out.line(`${text}=${c.lo.text};`);
    endGuard(f);
    open(f, "if", type, way.isElse ? `if(!o&&${text}){` : `if(o||${text}){`);
  } else {
    endGuard(f);
    open(f, "if", type, way.isElse ? "if(0){" : "if(1){");
    if (way.isElse) f.out.isMuted = true;
  }
  if (!way.isElse) startGuard(f);
}

export function elseBranch(f: FunctionText): void {
  const label = f.labels[f.labels.length - 1];
  label.isThenReached = !f.isDead;
  if (!f.isDead) {
    settleResults(f, label);
    f.fuel?.skip(label);
  }
  if (f.fuel !== undefined) f.fuel.pending = label.pending;
  const isOnWay = !f.isEntered && f.entry?.openers.get(label.at)?.isElse === true;
  if (isOnWay && !f.isGuarding) f.out.isMuted = false;
  f.out.line("}else{");
  reopen(f, label, label.params, label.paramNodes);
  label.kind = "else";
  if (isOnWay) startGuard(f);
}

/** Code goes on after a join, with the operands of `types` in their slots. */
export function reopen(f: FunctionText, label: Label, types: readonly ValType[], nodes: readonly number[]): void {
  f.isDead = false;
  f.pending.truncate(label.height);
  types.forEach((t, i) => {
    f.pending.pushSlot(t, t === I64, nodes[i]);
  });
}

/** Brings the results of the block that ends into the slots where branches to its end put them, too. */
export function settleResults(f: FunctionText, label: Label): void {
  f.pending.flush(ANY);
  label.results.forEach((_, i) => {
    f.floats.join(f.pending.list[label.height + i].node, label.resultNodes[i]);
  });
  f.pending.settleAll(label.height);
}

export function end(f: FunctionText): void {
  const label = f.labels[f.labels.length - 1];
  const { kind } = label;
  if (kind === "func") {
    if (!f.isDead) f.out.line(returnText(f));
    f.labels.pop();
    return;
  }
  if (label.rung !== undefined) return endOfRung(f, label, label.rung);
  closeCase(f, label);
  const isJoin = kind === "if" || kind === "else" || (kind === "block" && label.isUsed);
  if (isJoin && !f.isDead) settleResults(f, label);
  const isOutlined = f.outline?.isLoop === true && f.outline.depth === f.labels.length - 1;
  if (isOutlined && !f.isDead) leaveAtEnd(f, label.results);
  if (kind === "if") f.fuel?.landIf(label, !f.isDead);
  else if (kind !== "loop") f.fuel?.land(label, !f.isDead);
  if (kind === "loop" && !f.isDead) label.breakLine = f.out.line("break;");
  f.out.line("}");
  f.nesting--;
  f.labels.pop();
  if (kind === "loop" && f.fuel?.endLoop(label)) finishTwo(f, label);
  else finishHead(f, label);
  if (isOutlined) closeOutline(f, jump);
  if (kind === "if") label.resultNodes.forEach((node, i) => void f.floats.join(node, label.paramNodes[i]));
  const isReached = !f.isDead || kind === "if" || label.isThenReached || (label.isUsed && kind !== "loop");
  if (!isReached) f.pending.truncate(label.height);
  else if (isJoin) reopen(f, label, label.results, label.resultNodes);
  if (kind === "block") openCase(f);
}

/** The end of what is taken out is a way out of it. */
function leaveAtEnd(f: FunctionText, results: readonly ValType[]): void {
  f.pending.flush(ANY, f.pending.height - results.length);
  f.out.line(leaveOutline(f, undefined, results));
  f.isDead = true;
}

/** The end of a block of a ladder is a case. */
function endOfRung(f: FunctionText, label: Label, rung: Rung): void {
  closeCase(f, label);
  if (label.isUsed) {
    if (!f.isDead) settleResults(f, label);
    f.fuel?.landAtNone(label, !f.isDead);
  }
  endRung(f, rung);
  f.labels.pop();
  if (label.isUsed) reopen(f, label, [], []);
  else if (f.isDead) f.pending.truncate(label.height);
  openCase(f);
}

/** What follows may be a case, with nothing on the stack. */
function openCase(f: FunctionText): void {
  const { kind, height } = f.labels[f.labels.length - 1];
  if (!f.isDead && kind === "block" && f.pending.height === height) openOutline(f, f.reader.pos);
}

/** Where that ends. */
function closeCase(f: FunctionText, { results }: Label): void {
  if (f.outline?.isLoop !== false || f.outline.depth !== f.labels.length) return;
  if (!f.isDead) leaveAtEnd(f, results);
  closeOutline(f, jump);
}

/** Now it is known whether something branches to the label. */
export function finishHead(f: FunctionText, label: Label): void {
  if (label.isUsed) f.out.replace(label.line, `${label.name}:${label.head}`);
  else if (label.kind === "loop") {
    f.out.replace(label.line, "{");
    f.out.replace(label.breakLine, "");
  }
}

/** A loop that counts fuel is two: the inner one is left to stop, and to get more fuel. */
function finishTwo(f: FunctionText, { name, line, breakLine, tail }: Label): void {
  f.out.replace(line, `P${name}:for(;;){${name}:for(;;){`);
  f.out.replace(breakLine, `break P${name};`);
  f.out.line(`${tail}}`);
}

/* Branches */

export const conditionOf = (c: Operand): string => c.condition ?? c.lo.text;

export const labelAt = (f: FunctionText, depth: number): Label => f.labels[f.labels.length - 1 - depth];

/** Statements that put the topmost operands where the label wants them and go there. */
export function jump(f: FunctionText, label: Label): string {
  if (label.kind === "func") return returnText(f);
  if (isOutside(f, label)) return leaveOutline(f, label, carriedTo(label));
  label.isUsed = true;
  const text = carry(f, label) + (label.tries === f.tries ? "" : f.activate(label.tries));
  if (label.kind === "loop") return text + (f.fuel?.repeat(label) ?? `continue ${label.name};`);
  return `${text}${f.fuel?.exit(label) ?? ""}${label.rung === undefined ? `break ${label.name};` : leaveRung(label.rung)}`;
}

/** Statements that put the topmost operands where the label wants them. */
export function carry(f: FunctionText, label: Label): string {
  const types = carriedTo(label);
  const nodes = label.kind === "loop" ? label.paramNodes : label.resultNodes;
  const { pending } = f;
  const first = pending.height - types.length;
  let text = "";
  // Upward: an operand reads no slot below its own depth, and moves down.
  types.forEach((_, i) => {
    const o = pending.list[first + i];
    const to = label.height + i;
    f.floats.join(o.node, nodes[i]);
    if (o.slot !== to) text += pending.assignment(pending.slotId(to), pending.slotId(to, 1), o, nodes[i]);
  });
  return text;
}

const carriedTo = (label: Label): readonly ValType[] => (label.kind === "loop" ? label.params : label.results);
const arity = (label: Label): number => carriedTo(label).length;

/** What several branches will carry is written once. */
function keepCarried(f: FunctionText, count: number): void {
  const { pending } = f;
  pending.flush(ANY);
  for (let h = pending.height - count; h < pending.height; h++) if (!pending.list[h].isAtom) pending.settle(h);
}

export function br(f: FunctionText): void {
  const label = labelAt(f, f.reader.u32());
  f.pending.flush(ANY, f.pending.height - arity(label));
  f.out.line(jump(f, label));
  f.isDead = true;
}

export function brIf(f: FunctionText): void {
  const label = labelAt(f, f.reader.u32());
  branchIf(f, label, f.pop());
}

export function branchIf(f: FunctionText, label: Label, c: Operand): void {
  keepCarried(f, arity(label));
  const text = jump(f, label);
  const isOne = f.fuel === undefined && text.indexOf(";") === text.length - 1;
  f.out.line(isOne ? `if(${conditionOf(c)})${text}` : `if(${conditionOf(c)}){${text}}`);
}

/** Reads the immediates: the indices by label, and the label of all others. */
function readTable(f: FunctionText): {
  readonly cases: ReadonlyMap<Label, number[]>;
  readonly other: Label;
  count: number;
} {
  const count = readLabelCount(f.reader);
  const cases = new Map<Label, number[]>();
  for (let i = 0; i < count; i++) {
    const label = labelAt(f, f.reader.u32());
    const list = cases.get(label);
    if (list === undefined) cases.set(label, [i]);
    else list.push(i);
  }
  const other = labelAt(f, f.reader.u32());
  cases.delete(other);
  return { cases, other, count };
}

const caseText = (list: readonly number[]): string => list.map((i) => `case ${i}:`).join("");

export function brTable(f: FunctionText): void {
  const { cases, other, count } = readTable(f);
  const index = f.pop();
  keepCarried(f, arity(other));
  const rungs = awaitedTable(f);
  if (rungs === undefined) {
    f.out.line(`switch(${index.lo.text}){`);
    for (const [label, list] of cases) f.out.line(`${caseText(list)}${jump(f, label)}`);
    f.out.line(`default:${jump(f, other)}`);
    f.out.line("}");
  } else {
    f.fuel?.charge();
    openTable(f, rungs, index.lo.text, count);
    for (const [label, list] of cases) {
      if (label.rung?.of !== rungs) f.out.line(`${caseText(list)}${jump(f, label)}`);
      else label.rung.cases.push(...list);
      label.isUsed = true;
    }
    if (other.rung?.of !== rungs) f.out.line(`default:${jump(f, other)}`);
    else other.rung.isDefault = true;
    other.isUsed = true;
  }
  f.isDead = true;
}

/** Statements that return the topmost operands. */
export function returnText(f: FunctionText): string {
  const { results } = f.type;
  if (f.outline !== undefined) return leaveOutline(f, f.labels[0], results);
  const { pending, env } = f;
  const fuel = (f.fuel?.leave() ?? "") + (f.tries === 0 ? "" : f.activate(0));
  if (results.length === 0) return `${fuel}return;`;
  pending.wantWords(results.length);
  const list = pending.top(results.length);
  if (results.length === 1) {
    const [low, high] = f.wordsOf(list[0]);
    return high === undefined ? `${fuel}return ${low};` : `${fuel}${env.high()}[0]=${high};return ${low};`;
  }
  return `${fuel}${list.map((o, k) => putResult(f, o, k)).join("")}return;`;
}

/** Several results go into slots, two words each, that the caller reads at once. */
function putResult(f: FunctionText, o: Operand, k: number): string {
  const { env } = f;
  if (isRef(o.type)) return `${env.resultRefs()}[${k}]=${o.lo.text};`;
  const I = env.results();
  if (o.type === F32) return `${I}[${2 * k}]=${env.helper("bitsOfF32")}(${f.codedText(o)});`;
  if (o.type === F64) return `${env.helper("putF64")}(${I},${2 * k},${f.codedText(o)});`;
  return `${I}[${2 * k}]=${o.lo.text};${o.hi === undefined ? "" : `${I}[${2 * k + 1}]=${o.hi.text};`}`;
}

export function returnEarly(f: FunctionText): void {
  f.pending.flush(ANY, f.pending.height - f.type.results.length);
  f.out.line(returnText(f));
  f.isDead = true;
}

export function select(f: FunctionText): void {
  const [x, y, c] = popOperands(f, 3);
  f.pending.order(x.effects | y.effects);
  const a = x.effects === 0 ? x : atomOf(f, x);
  const b = y.effects === 0 ? y : atomOf(f, y);
  if (a.hi !== undefined && b.hi !== undefined) {
    f.pending.order(c.effects);
    const t = f.pending.atom(c.lo);
    const word = (p: Part, q: Part): Part => expression(`${t.text}?${p.inner}:${q.inner}`, t, p, q);
    return f.push(I64, word(a.lo, b.lo), 0, word(a.hi, b.hi));
  }
  const node = isFloat(a.type) ? f.floats.node() : -1;
  f.floats.join(a.node, node);
  f.floats.join(b.node, node);
  const isArithmetic = a.isArithmetic && b.isArithmetic;
  const text = (o: Operand): string => (isArithmetic ? o.lo.inner : `(${f.pending.valueOf(o, node)})`);
  const part = expression(
    `${c.condition === undefined ? c.lo.inner : `(${c.condition})`}?${text(a)}:${text(b)}`,
    c.lo,
    a.lo,
    b.lo,
  );
  f.pending.push(f.operand(a.type, part, node, c.effects, isArithmetic));
}
