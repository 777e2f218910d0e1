/**
 * Problems as text for a terminal: what, where or why, what to do, code; never a stack trace of ours.
 *
 * ```
 * wasmts: error WT6510: file not found: ap.wasm
 *   where: /home/me, from where it is looked up
 *   help:  did you mean app.wasm?
 *   more:  wasmts explain WT6510
 * ```
 */
import { printable } from "../engine/index.ts";
import { backtraceLines } from "./backtrace.ts";
import type { Problem } from "./outcome.ts";
import { columns, type Paint, paintFor, wrap } from "./text.ts";

export interface PresentOptions {
  readonly color?: string | undefined;
  /** Only what went wrong. */
  readonly isQuiet?: boolean | undefined;
}

/** The text for stderr, without a final line feed. */
export function presentProblem(problem: Problem, options: PresentOptions = {}): string {
  const width = columns();
  const paint = paintFor(2, options.color);
  const isGuests = problem.kind === "trap" || problem.kind === "exhausted";
  const label = isGuests ? "trap" : "error";
  const head = wrap(`wasmts: ${label} ${problem.code}: ${safe(problem.message)}`, width, "", "  ");
  const lines = [paintHead(head, problem.code, paint)];
  for (const text of backtraceLines(problem.backtrace)) lines.push(wrap(text, width, "  ", "     "));
  if (options.isQuiet) return lines.join("\n");
  for (const [i, text] of problem.where.entries()) lines.push(part(i === 0 ? "where:" : "", text, width, paint));
  for (const [i, text] of problem.help.entries()) lines.push(part(i === 0 ? "help:" : "", text, width, paint));
  lines.push(part("more:", `wasmts explain ${problem.code}`, width, paint));
  return lines.join("\n");
}

/** Labels are padded so that their texts stand in one column. */
function part(label: string, text: string, width: number, paint: Paint): string {
  const lead = `  ${label.padEnd(7)}`;
  const wrapped = wrap(safe(text), width, lead, " ".repeat(lead.length));
  return label === "" ? wrapped : wrapped.replace(label, paint.strong(label));
}

/** A message may quote the module at length; nothing of it may act on the terminal. */
const safe = (text: string): string => printable(text, 2000);

function paintHead(head: string, code: string, paint: Paint): string {
  return head.replace(new RegExp(`(error|trap) ${code}`), (found) => paint.bad(found));
}
