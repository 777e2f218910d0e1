/** Texts of functions as one script, whose value is the list of them, so that V8 reads its code for all of them at once. */
import { Script } from "node:vm";

export interface Entry {
  readonly name: string;
  /** Where the text is in the script. */
  readonly start: number;
  readonly end: number;
}

export interface Scripted {
  readonly source: string;
  readonly entries: readonly Entry[];
}

// Parentheses have V8 compile functions at once, and not twice.
const BEFORE = "(function($){\n";
const FIRST = "/*000000*/[\n";
const AFTER = "\n}),\n";

export function scriptOf(texts: Iterable<readonly [name: string, text: string]>): Scripted {
  const parts = [FIRST];
  const entries: Entry[] = [];
  let at = FIRST.length;
  for (const [name, text] of texts) {
    const start = at + BEFORE.length;
    entries.push({ name, start, end: start + text.length });
    parts.push(BEFORE, text, AFTER);
    at = start + text.length + AFTER.length;
  }
  parts.push("]");
  return { source: parts.join(""), entries };
}

/** V8's code for a script, which has the name in it. @throws RangeError it has too little stack for it */
export const codeOf = ({ source }: Scripted, filename: string): Buffer =>
  new Script(source, { filename }).createCachedData();

/**
 * Puts a number into the source that `bytes` begin with, in place of another of the same length: of sources that are the same
 * V8 makes the same functions, and of `code` it only looks at their length.
 */
export const setNumber = (bytes: Buffer, n: number): void =>
  void bytes.write(`${n % 1e6}`.padStart(6, "0"), FIRST.indexOf("0"), "latin1");

export type Functions = readonly ((scope: never) => unknown)[];

/**
 * The functions of a script, each call others.
 *
 * @param filename that of `codeOf`
 * @returns whether V8 took `code`, or made it again; undefined if it cannot, for want of stack
 */
export function functionsOf(
  source: string,
  filename: string,
  code: Buffer,
): { list: Functions; isTaken: boolean } | undefined {
  try {
    const script = new Script(source, { filename, cachedData: code });
    return { list: script.runInThisContext() as Functions, isTaken: script.cachedDataRejected !== true };
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Lines before text `place`, counted from 0. */
export function linesBefore({ source, entries }: Scripted, place: number): number {
  const start = entries[place]?.start ?? 0;
  let lines = 0;
  for (let at = source.indexOf("\n"); at >= 0 && at < start; at = source.indexOf("\n", at + 1)) lines++;
  return lines;
}
