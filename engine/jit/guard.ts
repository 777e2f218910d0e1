/**
 * Code before the place where a function is entered (`osr.ts`): left out, or, where an outer loop can come back to it,
 * skipped the first time, by `if(!o){...}` or by a case of a `switch`.
 */
import type { FunctionText } from "./function-text.ts";
import type { Opener } from "./osr.ts";

/** The block that is opened now, if the entry is inside it and not reached yet. */
export function onWay(f: FunctionText): Opener | undefined {
  const { entry } = f;
  if (entry === undefined || f.isEntered) return undefined;
  return entry.openers.get(f.out.at);
}

/** What comes now in the block just opened is skipped the first time. `case`: by the `switch` just opened. */
export function startGuard(f: FunctionText, by: "if" | "case" = "if"): void {
  f.guard = by;
  if (!f.isGuarding) f.out.isMuted = true;
  else if (by === "if") f.out.line("if(!o){");
}

export function endGuard(f: FunctionText): void {
  const isIf = f.guard === "if";
  if (!f.isGuarding) f.out.isMuted = false;
  else if (isIf) f.out.line("}");
  if (!isIf) f.out.line("case -1:");
}

/** At the start of a function that is entered elsewhere. */
export function startMuted(f: FunctionText): void {
  if (f.entry !== undefined) startGuard(f);
}
