/** Numbers with units as flags take them: sizes in bytes, counts. Not for formatting. */
import { CliError } from "./cli-error.ts";

const factors: Readonly<Record<string, number>> = {
  "": 1,
  b: 1,
  k: 1024,
  kib: 1024,
  kb: 1000,
  m: 1024 ** 2,
  mib: 1024 ** 2,
  mb: 1000 ** 2,
  g: 1024 ** 3,
  gib: 1024 ** 3,
  gb: 1000 ** 3,
};

/**
 * Bytes of `64MiB`, `1.5g`, `65536`: kB, MB, GB count in thousands, the others in 1024s.
 *
 * @throws CliError WT6503
 */
export function parseSize(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([a-z]*)$/i.exec(text);
  const factor = match && factors[match[2]!.toLowerCase()];
  const bytes = match && factor !== undefined && factor !== null ? Math.floor(Number(match[1]) * factor) : Number.NaN;
  if (Number.isSafeInteger(bytes)) return bytes;
  throw badValue(flag, text, "a size such as 65536, 64KiB, 16MiB or 1GiB");
}

/** A count: digits, perhaps with underscores. @throws CliError WT6503 */
export function parseCount(flag: string, text: string): number {
  const count = /^\d[\d_]*$/.test(text) ? Number(text.replaceAll("_", "")) : Number.NaN;
  if (Number.isSafeInteger(count)) return count;
  throw badValue(flag, text, "a whole number, zero or more");
}

const durations: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Milliseconds of `300ms`, `1.5s`, `2m`; a number alone is seconds. @throws CliError WT6503 */
export function parseDuration(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(ms|s|m|h)?$/.exec(text);
  const ms = match === null ? Number.NaN : Number(match[1]) * durations[match[2] ?? "s"]!;
  if (Number.isFinite(ms)) return ms;
  throw badValue(flag, text, "a time such as 300ms, 2s or 1m");
}

/** A share above 0 and up to 1, of `25%` or `0.25`. @throws CliError WT6503 */
export function parseShare(flag: string, text: string): number {
  const match = /^(\d+(?:\.\d+)?)(%?)$/.exec(text);
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (share > 0 && share <= 1) return share;
  throw badValue(flag, text, "a share such as 25% or 0.25, at most 100%");
}

/** One of a few words. @throws CliError WT6503 */
export function parseChoice<C extends string>(flag: string, text: string, choices: readonly C[]): C {
  const found = choices.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw badValue(flag, text, `one of ${choices.join(", ")}`);
}

export function badValue(flag: string, text: string, expected: string): CliError {
  return new CliError("WT6503", `bad value for ${flag}: '${text}'`, {
    where: `${flag} takes ${expected}`,
    help: `for example: ${exampleOf(expected)}`,
  });
}

const exampleOf = (expected: string): string =>
  /such as (\S+?)(,| or|$)/.exec(expected)?.[1] ?? /one of ([^,]+)/.exec(expected)?.[1] ?? "1000";
