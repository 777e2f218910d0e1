/**
 * Makes a module out of another by replacing whole sections. What is not replaced, custom sections included, is copied
 * byte for byte; nothing is copied before the whole is put together.
 */
import type { Module } from "../module.ts";
import { u } from "./encode.ts";
import { sectionOrder } from "./sections.ts";

/** Bytes, made or borrowed. */
export type Part = Uint8Array | readonly number[];
/** What a section holds, without its id and size. */
export type Payload = readonly Part[];

/** Ids of the sections that rewriting is about. */
export const sectionIds = {
  table: 4,
  memory: 5,
  global: 6,
  export: 7,
  start: 8,
  elem: 9,
  dataCount: 12,
  data: 11,
} as const;

const CUSTOM = 0;
const PREAMBLE_BYTES = 8;

export const sizeOf = (parts: Payload): number => parts.reduce((sum, part) => sum + part.length, 0);

/**
 * The parts of `module` with other sections. One that the module does not have goes to its place in the order, as early
 * as possible: what tools look for at the end of a module, such as the names, stays there.
 *
 * @param changes  by section id; null leaves a section out
 */
export function rewrite(module: Module, changes: ReadonlyMap<number, Payload | null>): Part[] {
  const entries: { readonly id: number; readonly parts: Payload }[] = [];
  let start = PREAMBLE_BYTES;
  for (const { id, range } of module.sections) {
    const change = changes.get(id);
    if (change === undefined) entries.push({ id, parts: [module.bytes.subarray(start, range.end)] });
    else if (change !== null) entries.push({ id, parts: section(id, change) });
    start = range.end;
  }
  for (const [id, change] of changes) {
    if (change === null || entries.some((entry) => entry.id === id)) continue;
    let at = entries.length;
    while (at > 0 && !isBefore(entries[at - 1].id, id)) at--;
    entries.splice(at, 0, { id, parts: section(id, change) });
  }
  return [module.bytes.subarray(0, PREAMBLE_BYTES), ...entries.flatMap(({ parts }) => parts)];
}

const isBefore = (id: number, other: number): boolean => id !== CUSTOM && sectionOrder(id) < sectionOrder(other);

const section = (id: number, payload: Payload): Part[] => [[id, ...u(sizeOf(payload))], ...payload];

/** One array of all parts. */
export function concat(parts: Payload): Uint8Array {
  const whole = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
