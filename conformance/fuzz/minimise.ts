/**
 * Makes a module smaller as long as it shows the same kind of difference: ranges of instructions become nothing or a
 * constant, then, if that is not what counts, ranges of bytes go.
 */
import { section as encodeSection, sized, u, vec } from "../../engine/binary/encode.ts";
import { compile, funcTypeAt, type Module } from "../../engine/index.ts";
import type { Check } from "./finding.ts";
import { instructionStarts, withoutOpenNans } from "./instructions.ts";
import { codes } from "./rows.ts";

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
  const kind = check(bytes)?.what;
  const ends = performance.now() + ms;
  const isGood = (candidate: Uint8Array): boolean => performance.now() < ends && check(candidate)?.what === kind;
  const module = parsed(bytes);
  return module === undefined ? shrinkBytes(bytes, isGood) : shrinkBodies(bytes, module, isGood);
}

function parsed(bytes: Uint8Array): Module | undefined {
  try {
    return compile(bytes);
  } catch {
    return undefined;
  }
}

type Test = (candidate: Uint8Array) => boolean;

/** Delta debugging on bytes. */
function shrinkBytes(bytes: Uint8Array, isGood: Test): Uint8Array {
  let best = bytes;
  for (let size = best.length >> 1; size >= 1; size >>= 1) {
    for (let at = 8; at < best.length; ) {
      const candidate = Uint8Array.from([...best.subarray(0, at), ...best.subarray(at + size)]);
      if (isGood(candidate)) best = candidate;
      else at += size;
    }
  }
  return best;
}

function shrinkBodies(bytes: Uint8Array, start: Module, isGood: Test): Uint8Array {
  // With canonical NaNs, if that is not what the difference is about.
  const closed = withoutNans(start);
  const closedModule = parsed(closed);
  let best = closedModule !== undefined && isGood(closed) ? closed : bytes;
  let module = best === closed && closedModule !== undefined ? closedModule : start;
  const attempt = (f: number, body: readonly number[]): boolean => {
    const candidate = withBody(module, f, body);
    const next = parsed(candidate);
    if (next === undefined || !isGood(candidate)) return false;
    best = candidate;
    module = next;
    return true;
  };
  for (let isSmaller = true; isSmaller; ) {
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
  withBodies(module, (i) => ({ code: i === f ? code : undefined, locals: [] }));

function withoutNans(module: Module): Uint8Array {
  return withBodies(module, (i) => {
    const func = module.funcs[i]!;
    const first = funcTypeAt(module, func.type).params.length + func.localCount;
    return { code: withoutOpenNans(module, i, first), locals: [codes.f32, codes.f64, codes.v128] };
  });
}

interface NewBody {
  /** `undefined`: as it is. */
  readonly code: readonly number[] | undefined;
  /** More locals. */
  readonly locals: readonly number[];
}

function withBodies(module: Module, make: (f: number) => NewBody): Uint8Array {
  const bodies = module.funcs.map((func, i) => {
    const { code, locals } = make(i);
    const runs: number[][] = [];
    for (let k = 0; k < func.locals.length; k += 2) runs.push([...u(func.locals[k]!), func.locals[k + 1]! & 0xff]);
    for (const type of locals) runs.push([1, type]);
    return sized([vec(runs), code ?? [...module.bytes.subarray(func.body.start, func.body.end)]]);
  });
  const parts: number[] = [...module.bytes.subarray(0, 8)];
  for (const { id, range } of module.sections) {
    if (id === 10) parts.push(...encodeSection(10, vec(bodies)));
    else parts.push(...encodeSection(id, [...module.bytes.subarray(range.start, range.end)]));
  }
  return Uint8Array.from(parts);
}
