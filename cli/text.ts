/** Text for a terminal: width, wrapping, colour. Knows nothing of what is printed. */
import { isatty } from "node:tty";

const stderr = 2;

/** Columns to wrap at: COLUMNS, or 80; never below 40 nor above 100, where lines get hard to read. */
export function columns(): number {
  const wanted = Number(process.env.COLUMNS) || (process.stdout.isTTY ? process.stdout.columns : 0) || 80;
  return Math.min(100, Math.max(40, wanted));
}

/**
 * `text` broken at spaces into lines of at most `width` characters; the first line starts with `first`, the others
 * with `rest`. A word that is longer than a line stands alone. Line feeds in `text` stay.
 */
export function wrap(text: string, width: number, first = "", rest = first): string {
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) {
    let line = lines.length === 0 ? first : rest;
    let isEmpty = true;
    for (const word of paragraph.split(" ")) {
      if (!isEmpty && line.length + 1 + word.length > width) {
        lines.push(line);
        line = rest;
        isEmpty = true;
      }
      line += isEmpty ? word : ` ${word}`;
      isEmpty = false;
    }
    lines.push(line.trimEnd());
  }
  return lines.join("\n");
}

export interface Paint {
  readonly bad: (text: string) => string;
  readonly good: (text: string) => string;
  readonly strong: (text: string) => string;
  readonly faint: (text: string) => string;
}

const plain = (text: string): string => text;
const sgr = (on: number, off: number) => (text: string) => `\u001b[${on}m${text}\u001b[${off}m`;

/** Colours for messages on `fd`, by `--color`, then NO_COLOR, FORCE_COLOR, then whether it is a terminal. */
export function paintFor(fd: number = stderr, choice: string | undefined = undefined): Paint {
  const env = process.env;
  const isOn =
    choice === "always" ||
    (choice !== "never" &&
      !env.NO_COLOR &&
      ((env.FORCE_COLOR !== undefined && env.FORCE_COLOR !== "0") || (isatty(fd) && env.TERM !== "dumb")));
  if (!isOn) return { bad: plain, good: plain, strong: plain, faint: plain };
  return { bad: sgr(31, 39), good: sgr(32, 39), strong: sgr(1, 22), faint: sgr(2, 22) };
}
