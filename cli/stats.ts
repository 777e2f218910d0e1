/** What `--stats` says about a run: times, and what became generated JavaScript. */
import type { Execution } from "./execute.ts";

/** Lines, without the last line's end. */
export function printStats({ usage, tierStats }: Execution): string {
  const { compileMs, runMs, instructions, memoryBytes } = usage;
  return [
    `decoded and validated in ${compileMs} ms, ran for ${runMs} ms, ${memoryBytes} bytes of memory`,
    instructions === null ? "instructions: not counted in generated code" : `instructions: ${instructions}`,
    ...(tierStats === undefined ? ["JavaScript: none generated"] : tierLines(tierStats)),
  ].join("\n");
}

function tierLines(stats: NonNullable<Execution["tierStats"]>): string[] {
  const { functions, loops, bytes, characters, declined, split, unsplit } = stats;
  const made = `JavaScript: ${functions} functions of ${bytes} bytes, ${loops} entries at loops, ${characters} characters`;
  const lines = [made];
  if (declined.size > 0) lines.push(`left to the interpreter: ${listed(declined)}`);
  if (split > 0) lines.push(`loops and cases that became functions: ${split}`);
  if (unsplit.size > 0) lines.push(`loops left in functions too large for V8: ${listed(unsplit)}`);
  return lines;
}

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([reason, count]) => `${reason} ${count}`).join(", ");
