/**
 * Decodes and checks the arguments of a host call as its row in `calls.ts` says, before the handler runs.
 */
import type { Val } from "../engine/index.ts";
import { sizes } from "./abi.ts";
import { abiTypes, type CallDef, type CallName, calls, type Kind, type KindValue } from "./calls.ts";
import type { Context } from "./context.ts";
import { fail } from "./errno.ts";
import type { Descriptor } from "./fd-table.ts";
import { limits } from "./limits.ts";
import { allRights, rightSet } from "./rights.ts";

/** u32 from an i32, which may come signed. What is not a number (a direct call from JavaScript) is INVAL. */
function u32(value: Val): number {
  return typeof value === "number" ? value >>> 0 : fail("INVAL");
}

function i64(value: Val): bigint {
  return typeof value === "bigint" ? value : fail("INVAL");
}

/** A number of a closed set: 0 to `max`, all of them valid. */
const upTo =
  (max: number) =>
  (_: Context, value: Val): number => {
    const n = u32(value);
    return n > max ? fail("INVAL") : n;
  };

/** An address that has room for a result. */
const out =
  (size: number) =>
  (host: Context, value: Val): number => {
    const pointer = u32(value);
    host.mem.check(pointer, size);
    return pointer;
  };

const readers: { readonly [K in Kind]: (host: Context, value: Val, second: Val) => KindValue[K] } = {
  fd: (host, value) => host.fds.get(u32(value)),
  fdnum: (_, value) => u32(value),
  u32: (_, value) => u32(value),
  ptr: (_, value) => u32(value),
  u64: (_, value) => BigInt.asUintN(64, i64(value)),
  s64: (_, value) => BigInt.asIntN(64, i64(value)),
  rights: (_, value) => Number(BigInt.asUintN(32, i64(value))) & allRights,
  advice: upTo(5),
  whence: upTo(2),
  lookupflags: upTo(1),
  oflags: upTo(15),
  fdflags: upTo(31),
  fstflags: upTo(15),
  signal: upTo(30),
  riflags: upTo(3),
  siflags: upTo(0),
  sdflags: upTo(3),
  path(host, pointer, length) {
    if (u32(length) > limits.pathBytes) fail("NAMETOOLONG");
    return host.mem.copy(u32(pointer), u32(length));
  },
  buffer: (host, pointer, length) => host.mem.slice(u32(pointer), u32(length)),
  iovs: (host, pointer, count) => host.mem.iovecs(u32(pointer), u32(count)),
  outU16: out(2),
  outU32: out(4),
  outU64: out(8),
  outFdstat: out(sizes.fdstat),
  outPrestat: out(sizes.prestat),
  outFilestat: (host, value) => out(host.abi.filestatSize)(host, value),
};

interface Step {
  readonly read: (host: Context, value: Val, second: Val) => KindValue[Kind];
  readonly isFd: boolean;
  /** Place of its first WebAssembly parameter. */
  readonly at: number;
  /** Right that the descriptor must not have given up. */
  readonly right: number;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly mutates: boolean;
}

function planOf(def: CallDef): Plan {
  let at = 0;
  let fds = 0;
  const steps = def.params.map(([, kind]): Step => {
    const right = kind === "fd" ? def.rights?.[fds++] : undefined;
    const place = at;
    at += abiTypes(kind).length;
    return { read: readers[kind], isFd: kind === "fd", at: place, right: right === undefined ? 0 : rightSet(right) };
  });
  return { steps, mutates: def.mutates === true };
}

/** Of the calls that were made. */
const plans = new Map<CallName, Plan>();

function plan(name: CallName): Plan {
  let made = plans.get(name);
  if (made === undefined) {
    made = planOf(calls[name]);
    plans.set(name, made);
  }
  return made;
}

function checkAccess(d: Descriptor, step: Step, mutates: boolean): void {
  if ((d.dropped & step.right) !== 0) fail("NOTCAPABLE");
  if (mutates && d.kind !== "stream" && d.mount.isReadOnly) fail("ROFS");
}

/**
 * The arguments for the handler of `name`.
 *
 * @param raw  the WebAssembly arguments
 * @throws Failure by kind, from left to right; see `KindValue`
 */
export function decodeArgs(host: Context, name: CallName, raw: readonly Val[]): KindValue[Kind][] {
  const { steps, mutates } = plan(name);
  const args: KindValue[Kind][] = [];
  for (const step of steps) {
    const value = step.read(host, raw[step.at], raw[step.at + 1]);
    if (step.isFd) checkAccess(value as Descriptor, step, mutates);
    args.push(value);
  }
  return args;
}
