/**
 * Host calls as a log: what the guest asked, what it got, how long it took; lines in the manner of strace.
 *
 * ```
 * path_open(fd=3, dirflags=SYMLINK_FOLLOW, path="etc/hosts", oflags=0, ...) = SUCCESS opened_fd=4 <0.000031>
 * fd_write(fd=1, iovs=[2: 13 bytes], nwritten=0x7f0) = SUCCESS nwritten=13 <0.000008>
 * ```
 * Reads the guest's memory without failing: what is out of bounds is shown as an address.
 */
import { printable, type Val } from "../engine/index.ts";
import { abiTypes, type CallDef, type CallName, calls, type Kind, type Scope } from "./calls.ts";
import type { Context } from "./context.ts";
import { errno, errnoName } from "./errno.ts";
import { limits } from "./limits.ts";
import {
  adviceText,
  clockText,
  eventsText,
  flagsText,
  rightsText,
  structText,
  subscriptionsText,
  whenceText,
} from "./log-values.ts";
import type { Watcher } from "./watch.ts";

/** One host call, over. */
export interface TraceEvent {
  readonly call: CallName;
  readonly scope: Scope;
  /** Name and decoded value of each argument; the values are safe to print. */
  readonly args: readonly (readonly [name: string, value: string])[];
  /** Undefined when the call did not return to the guest (proc_exit, an error of the host). */
  readonly errno: number | undefined;
  /** What was written to the guest, by argument, safe to print. Empty unless it succeeded. */
  readonly results: readonly (readonly [name: string, value: string])[];
  /** It had to wait. */
  readonly hasWaited: boolean;
  /** Including the time it waited, ms. */
  readonly durationMs: number;
}

export type Trace = (event: TraceEvent) => void;

/** A WebAssembly argument as an unsigned number, whatever a direct caller passes. */
const u32 = (value: Val): number => Number(value as number) >>> 0;
const hex = (n: number | bigint): string => `0x${n.toString(16)}`;

function quoted(host: Context, pointer: number, length: number): string {
  if (pointer + length > host.mem.bytes.length) return `${hex(pointer)}[${length}]`;
  const bytes = Uint8Array.from(host.mem.bytes.subarray(pointer, pointer + Math.min(length, limits.pathBytes)));
  return JSON.stringify(printable(new TextDecoder().decode(bytes)));
}

function vectors(host: Context, pointer: number, count: number): string {
  const { mem } = host;
  if (count > limits.iovecs || pointer + count * 8 > mem.bytes.length) return `${hex(pointer)}[${count}]`;
  let total = 0;
  for (let i = 0; i < count; i++) total += mem.u32(pointer + i * 8 + 4);
  return `[${count}: ${total} bytes]`;
}

function show(host: Context, label: string, kind: Kind, value: Val, second: Val): string {
  switch (kind) {
    case "fdflags":
    case "fstflags":
    case "lookupflags":
    case "oflags":
      return flagsText(kind, u32(value));
    case "advice":
      return adviceText(u32(value));
    case "whence":
      return whenceText(host, u32(value));
    case "u32":
      return label === "id" ? clockText(u32(value)) : String(u32(value));
    case "path":
      return quoted(host, u32(value), u32(second));
    case "iovs":
      return vectors(host, u32(value), u32(second));
    case "buffer":
      return `${hex(u32(value))}[${u32(second)}]`;
    case "rights":
      return typeof value === "bigint" ? rightsText(value) : String(value);
    case "u64":
      return typeof value === "bigint" ? String(BigInt.asUintN(64, value)) : String(value);
    case "s64":
      return String(value);
    case "ptr":
      return hex(u32(value));
    default:
      return kind.startsWith("out") ? hex(u32(value)) : String(u32(value));
  }
}

/** What a call is asked; taken before it runs, since it may overwrite its own arguments. */
export function describeArgs(host: Context, name: CallName, raw: readonly Val[]): [name: string, value: string][] {
  let at = 0;
  return calls[name].params.map(([label, kind]): [string, string] => {
    const isPoll = calls[name].scope === "poll" && label === "in";
    const text = isPoll
      ? subscriptionsText(host, u32(raw[at]), u32(raw[2]))
      : show(host, label, kind, raw[at], raw[at + 1]);
    at += abiTypes(kind).length;
    return [label, text];
  });
}

/** What a successful call has written, as far as it is numbers, structures, names and events. */
export function describeResults(host: Context, name: CallName, raw: readonly Val[]): [name: string, value: string][] {
  let at = 0;
  const results: [string, string][] = [];
  for (const [label, kind] of (calls[name] as CallDef).params) {
    const pointer = u32(raw[at]);
    if (kind === "outU32") results.push([label, String(host.mem.u32(pointer))]);
    if (kind === "outU64") results.push([label, String(host.mem.u64(pointer))]);
    const struct = structText(host, kind, pointer);
    if (struct !== undefined) results.push([label, struct]);
    if (name === "fd_prestat_dir_name" && kind === "buffer")
      results.push([label, quoted(host, pointer, u32(raw[at + 1]))]);
    if (name === "path_readlink" && label === "buf")
      results.push([label, quoted(host, pointer, host.mem.u32(u32(raw[at + 2])))]);
    if (calls[name].scope === "poll" && label === "out")
      results.push([label, eventsText(host, pointer, host.mem.u32(u32(raw[3])))]);
    at += abiTypes(kind).length;
  }
  return results;
}

/** Tells `trace` of every call when it is over. */
export const tracing = (trace: Trace): Watcher => {
  return (host, name, raw) => {
    const start = performance.now();
    const args = describeArgs(host, name, raw);
    return ({ errno: code, hasWaited }) => {
      const results = code === errno.SUCCESS ? describeResults(host, name, raw) : [];
      const durationMs = performance.now() - start;
      trace({ call: name, scope: calls[name].scope, args, errno: code, results, hasWaited, durationMs });
    };
  };
};

/** One line, without a newline. */
export function formatTrace(event: TraceEvent): string {
  const args = event.args.map(([name, value]) => `${name}=${value}`).join(", ");
  const outcome = event.errno === undefined ? "?" : errnoName(event.errno);
  const results = event.results.map(([name, value]) => ` ${name}=${value}`).join("");
  const waited = event.hasWaited ? " waited" : "";
  return `${event.call}(${args}) = ${outcome}${results} <${(event.durationMs / 1000).toFixed(6)}${waited}>`;
}
