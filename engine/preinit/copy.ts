/** Reads sections of the original module for what is to be copied from them. */
import { u } from "../binary/encode.ts";
import { Reader } from "../binary/reader.ts";
import type { Part } from "../binary/rewrite.ts";
import type { Module } from "../module.ts";

const HAS_MAX = 1;
const PAGE_SIZE = 8;

/** A reader of the section `id`, after the number of its items. Precondition: the module has one. */
export function itemsOf(module: Module, id: number): Reader {
  const { start, end } = module.sections.find((section) => section.id === id)!.range;
  const r = new Reader(module.bytes, start, end);
  r.count();
  return r;
}

/** Copies what is from `start` to the end of the limits that `r` is at, with `min` as their minimum. */
export function copyResized(r: Reader, start: number, min: number): Part[] {
  const flags = r.u8();
  const head = r.bytes.subarray(start, r.pos);
  r.u64();
  const rest = r.pos;
  if ((flags & HAS_MAX) !== 0) r.u64();
  if ((flags & PAGE_SIZE) !== 0) r.u32();
  return [head, u(min), r.bytes.subarray(rest, r.pos)];
}
