/** Values of host calls as text for the log: names of flags, fields of structures. Reads guest memory, never fails. */
import { eventtype, fdflags, filetype, fstflags, lookupflags, oflags, readSubscription, sizes } from "./abi.ts";
import type { Kind } from "./calls.ts";
import type { Context } from "./context.ts";
import { errnoName, errnoOf } from "./errno.ts";
import { rightNames } from "./rights.ts";

/** Subscriptions and events shown of one call. */
const mostShown = 8;

const flagSets: Partial<Record<Kind, Readonly<Record<string, number>>>> = { fdflags, fstflags, lookupflags, oflags };

const advice = ["NORMAL", "SEQUENTIAL", "RANDOM", "WILLNEED", "DONTNEED", "NOREUSE"];
const clocks = ["REALTIME", "MONOTONIC", "PROCESS_CPUTIME", "THREAD_CPUTIME"];

/** `CREAT|TRUNC`; what has no name stays a number. */
export function flagsText(kind: Kind, value: number): string {
  const rows = Object.entries(flagSets[kind] ?? {});
  const names = rows.filter(([, bit]) => (value & bit) !== 0).map(([name]) => constantCase(name));
  const rest = value & ~rows.reduce((all, [, bit]) => all | bit, 0);
  return [...names, ...(rest === 0 && names.length > 0 ? [] : [String(rest >>> 0)])].join("|");
}

/** `atimNow` is ATIM_NOW. */
const constantCase = (name: string): string => name.replace(/[A-Z]/g, "_$&").toUpperCase();

export const adviceText = (value: number): string => advice[value] ?? String(value);
export const clockText = (value: number): string => clocks[value] ?? String(value);
export const whenceText = (host: Context, value: number): string =>
  host.abi.whence[value]?.toUpperCase() ?? String(value);
export const rightsText = (value: bigint): string => rightNames(Number(BigInt.asUintN(30, value))).join("|") || "0";

const filetypeText = (value: number): string => {
  const name = Object.entries(filetype).find(([, n]) => n === value)?.[0];
  return name === undefined ? String(value) : name.replace(/[A-Z]/g, (c) => `_${c.toLowerCase()}`);
};

/** A filestat, fdstat or prestat that a call has written. */
export function structText(host: Context, kind: Kind, at: number): string | undefined {
  const { mem, abi } = host;
  if (kind === "outFilestat") {
    const { size } = abi.filestat;
    const links = abi.filestat.wideLinks ? mem.u64(at + 24) : BigInt(mem.u32(at + 20));
    const times = [8, 16, 24].map((offset) => seconds(mem.u64(at + size + offset)));
    return `{${filetypeText(mem.u8(at + 16))}, ino ${mem.u64(at + 8)}, links ${links}, size ${mem.u64(at + size)}, times ${times.join(" ")}}`;
  }
  if (kind === "outFdstat") {
    const flags = flagsText("fdflags", mem.u16(at + 2));
    return `{${filetypeText(mem.u8(at))}, flags ${flags}, rights ${rightsText(mem.u64(at + 8))}}`;
  }
  return kind === "outPrestat" ? `{dir, name of ${mem.u32(at + 4)} bytes}` : undefined;
}

const seconds = (ns: bigint): string => `${ns / 1_000_000_000n}.${String(ns % 1_000_000_000n).padStart(9, "0")}`;

/** What poll_oneoff waits for. */
export function subscriptionsText(host: Context, at: number, count: number): string {
  return listText(count, (i) => {
    const sub = readSubscription(host.mem, at + i * host.abi.subscriptionSize, host.abi);
    if (sub.tag !== eventtype.clock) return `${sub.tag === eventtype.fdRead ? "read" : "write"} ${sub.fd}`;
    return `${clockText(sub.clock)} ${sub.isAbsolute ? "at" : "in"} ${seconds(sub.timeoutNs)}`;
  });
}

/** What has happened. */
export function eventsText({ mem }: Context, at: number, count: number): string {
  return listText(count, (i) => {
    const event = at + i * sizes.event;
    const what = ["clock", "read", "write"][mem.u8(event + 10)] ?? "?";
    const error = mem.u16(event + 8);
    const bytes = mem.u8(event + 10) === eventtype.fdRead ? ` ${mem.u64(event + 16)} bytes` : "";
    return error === 0 ? `${what}${bytes}` : `${what} ${errnoName(error)}`;
  });
}

/** Guests may pass anything: what cannot be read ends the list. */
function listText(count: number, show: (i: number) => string): string {
  const shown: string[] = [];
  try {
    for (let i = 0; i < Math.min(count, mostShown); i++) shown.push(show(i));
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
    shown.push("?");
  }
  return `[${shown.join(", ")}${count > mostShown ? `, ${count - mostShown} more` : ""}]`;
}
