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
  const { functions, loops, bytes, characters, declined } = stats;
  const made = `JavaScript: ${functions} functions of ${bytes} bytes, ${loops} entries at loops, ${characters} characters`;
  const reasons = [...declined].map(([reason, count]) => `${reason} ${count}`);
  return reasons.length === 0 ? [made] : [made, `left to the interpreter: ${reasons.join(", ")}`];
}
