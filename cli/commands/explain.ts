/** `wasmts explain CODE`: what an error code means, from the tables of all rooms; without a code, the list of them. */
import { CliError } from "../cli-error.ts";
import { type Explanation, explanations } from "../explanations.ts";
import { print } from "../output.ts";
import type { Flags } from "../parse.ts";
import { closest } from "../suggest.ts";
import { columns, paintFor, wrap } from "../text.ts";

/** @throws CliError WT6508 */
export function explain(flags: Flags, operands: readonly string[]): number {
  const [word, ...others] = operands;
  if (others.length > 0) {
    throw new CliError("WT6507", "explain takes one code", {
      where: `after ${word} comes ${others[0]}`,
      help: "ask for one at a time",
    });
  }
  if (word === undefined) {
    print(list(columns()));
    return 0;
  }
  const code = codeOf(word);
  const found = explanations[code];
  if (found === undefined) throw unknown(word, code);
  print(flags.has("json") ? JSON.stringify({ code, ...found }) : page(code, found));
  return 0;
}

/** `wt6510`, `6510`: as good as WT6510. */
const codeOf = (word: string): string => word.toUpperCase().replace(/^(?:WT)?(\d+)$/, "WT$1");

function page(code: string, found: Explanation): string {
  const width = columns();
  const paint = paintFor(1);
  const lines = [paint.strong(`${code}: ${found.title}`), "", wrap(found.explanation, width)];
  if (found.example) lines.push("", "For example:", ...found.example.split("\n").map((line) => `  ${line}`));
  if (found.fix) lines.push("", wrap(found.fix, width));
  return lines.join("\n");
}

function list(width: number): string {
  const rows = Object.entries(explanations).sort(([a], [b]) => a.localeCompare(b));
  return rows.map(([code, { title }]) => wrap(title, width, `${code}  `, "        ")).join("\n");
}

function unknown(word: string, code: string): CliError {
  const near = closest(code, Object.keys(explanations));
  return new CliError("WT6508", `no error has the code ${word}`, {
    where: "codes are WT and four digits; they stand in every error message",
    help:
      near === undefined ? "'wasmts explain' lists them all" : `did you mean ${near}? 'wasmts explain' lists them all`,
  });
}
