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
  const { functions, loops, bytes, characters, kept, declined, split, unsplit } = stats;
  const made = `JavaScript: ${functions} functions of ${bytes} bytes, ${loops} entries at loops, ${characters} characters`;
  const lines = [made];
  if (kept > 0) lines.push(`texts that earlier runs had made: ${kept}`);
  if (declined.size > 0) lines.push(`left to the interpreter: ${listed(declined)}`);
  if (split > 0) lines.push(`loops and cases that became functions: ${split}`);
  if (unsplit.size > 0) lines.push(`loops left in functions too large for V8: ${listed(unsplit)}`);
  return lines;
}

/** The same as data; null when the interpreter did everything. */
export function statsRecord({ tierStats }: Execution): object | null {
  if (tierStats === undefined) return null;
  const { functions, loops, bytes, characters, kept, declined, split, unsplit } = tierStats;
  const counts = { declined: Object.fromEntries(declined), unsplit: Object.fromEntries(unsplit) };
  return { functions, loops, bytes, characters, kept, split, ...counts };
}

const listed = (counts: ReadonlyMap<string, number>): string =>
  [...counts].map(([reason, count]) => `${reason} ${count}`).join(", ");
