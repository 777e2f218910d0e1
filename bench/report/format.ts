/** Numbers as tables and pages write them. */
import type { Outcome } from "../results.ts";

/** Three digits at most. */
export function digits(value: number): string {
  if (value >= 99.95) return Math.round(value).toString();
  return value >= 9.995 ? value.toFixed(1) : value.toFixed(2);
}

export const times = (ratio: number): string => `${digits(ratio)}x`;

export function duration(ms: number): string {
  return ms >= 10_000 ? `${digits(ms / 1000)} s` : `${digits(ms)} ms`;
}

export const percent = (fraction: number): string => `${Math.round(fraction * 100)} %`;

/** What stands where a time would. A wrong answer is not timed. */
export const statusWords: Readonly<Record<Exclude<Outcome["status"], "ok">, string>> = {
  bad: "BAD",
  failed: "failed",
  timeout: "too slow",
  unsupported: "-",
};
