/**
 * Makes a module smaller as long as it shows the same kind of difference: ranges of instructions become nothing or a
 * constant, then, if that is not what counts, ranges of bytes go.
 */
import { compile, funcTypeAt, type Module } from "../../engine/index.ts";
import { everything } from "./configurations.ts";
import type { Check } from "./finding.ts";
import { instructionStarts, withoutOpenNans } from "./instructions.ts";
import { withBodies } from "./rewrite.ts";
import { Tally } from "./tally.ts";
import { codes } from "./types.ts";

const MAX_MS = 20_000;
const nothing: readonly number[] = [];
/** What an expression is replaced by. */
const stand_ins: readonly (readonly number[])[] = [
  nothing,
  [0x1a],
  [0x41, 0],
  [0x42, 0],
  [0x43, 0, 0, 0, 0],
  [0x44, 0, 0, 0, 0, 0, 0, 0, 0],
  [0xfd, 12, ...Array<number>(16).fill(0)],
  [0x00],
];

export function minimise(bytes: Uint8Array, check: Check, ms = MAX_MS): Uint8Array {
  const found = check(bytes, new Tally());
  // What should have been a module has no smaller form that should be one.
  if (found?.what === "refused") return bytes;
  const kind = found?.what;
  const ends = performance.now() + ms;
  const isGood = (candidate: Uint8Array): boolean =>
    performance.now() < ends && check(candidate, new Tally())?.what === kind;
  const module = parsed(bytes);
  const search: Search = { isGood, isOver: () => performance.now() > ends };
  return module === undefined ? shrinkBytes(bytes, search) : shrinkBodies(bytes, module, search);
}

function parsed(bytes: Uint8Array): Module | undefined {
  try {
    return compile(bytes, { features: everything });
  } catch {
    return undefined;
  }
}

interface Search {
  readonly isGood: (candidate: Uint8Array) => boolean;
  /** Time is up. */
  readonly isOver: () => boolean;
}

/** Delta debugging on bytes. */
function shrinkBytes(bytes: Uint8Array, { isGood, isOver }: Search): Uint8Array {
  let best = bytes;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 8; at < best.length && !isOver(); ) {
      const candidate = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + size)]);
      if (isGood(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}

function shrinkBodies(bytes: Uint8Array, start: Module, { isGood, isOver }: Search): Uint8Array {
  // With canonical NaNs, if that is not what the difference is about.
  const closed = withoutNans(start);
  const closedModule = parsed(closed);
  let best = closedModule !== undefined && isGood(closed) ? closed : bytes;
  let module = best === closed && closedModule !== undefined ? closedModule : start;
  const attempt = (f: number, body: readonly number[]): boolean => {
    if (isOver()) return false;
    const candidate = withBody(module, f, body);
    const next = parsed(candidate);
    if (next === undefined || !isGood(candidate)) return false;
    best = candidate;
    module = next;
    return true;
  };
  for (let isSmaller = true; isSmaller && !isOver(); ) {
    const before = best.length;
    for (let f = 0; f < module.funcs.length; f++) {
      if (!attempt(f, [0x00, 0x0b])) shrinkBody(() => module, f, attempt);
    }
    isSmaller = best.length < before;
  }
  return best;
}

function shrinkBody(module: () => Module, f: number, attempt: (f: number, body: readonly number[]) => boolean): void {
  let starts = instructionStarts(module(), f);
  for (let size = starts.length; size >= 1; size = size > 8 ? size >> 1 : size - 1) {
    for (let i = 0; i + size < starts.length; i++) {
      const from = starts[i]!;
      const to = starts[i + size]!;
      for (const stand of stand_ins) {
        if (stand.length >= to - from) continue;
        const { bytes, funcs } = module();
        const { body } = funcs[f]!;
        if (!attempt(f, [...bytes.subarray(body.start, from), ...stand, ...bytes.subarray(to, body.end)])) continue;
        starts = instructionStarts(module(), f);
        break;
      }
    }
  }
}

/** The module with another body for defined function `f`. */
const withBody = (module: Module, f: number, code: readonly number[]): Uint8Array =>
  withBodies(module, (i) => (i === f ? { code } : {}));

function withoutNans(module: Module): Uint8Array {
  const locals = [codes.f32, codes.f64, codes.v128].map((code) => [1, code]);
  return withBodies(module, (i) => {
    const func = module.funcs[i]!;
    const first = funcTypeAt(module, func.type).params.length + func.localCount;
    return { code: withoutOpenNans(module, i, first), locals };
  });
}
