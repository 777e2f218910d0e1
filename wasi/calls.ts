/**
 * THE table of host calls: one row for each function of preview1, in the order of the interface file, and after them
 * WasmEdge's for sockets.
 *
 * The row decides the WebAssembly type of the function, how its arguments are decoded and checked before the handler
 * runs (`decode.ts` does that, from left to right: a bad descriptor is BADF before a bad pointer is FAULT), which rights
 * it needs, whether a read-only mount refuses it, and how it is logged. Source: wasi_snapshot_preview1.witx.
 */
import type { Descriptor } from "./fd-table.ts";
import type { Right } from "./rights.ts";

/** What a parameter is. Each kind is one or two WebAssembly parameters and one argument of the handler. */
export interface KindValue {
  /** An open descriptor. BADF when it is not. */
  fd: Descriptor;
  /** A descriptor number, open or not. */
  fdnum: number;
  u32: number;
  /** An address that the handler checks itself. */
  ptr: number;
  u64: bigint;
  s64: bigint;
  /** Defined rights only; unknown bits are dropped. */
  rights: number;
  /** Closed sets: unknown values and bits are INVAL. */
  advice: number;
  whence: number;
  lookupflags: number;
  oflags: number;
  fdflags: number;
  fstflags: number;
  signal: number;
  riflags: number;
  siflags: number;
  sdflags: number;
  /** (pointer, length): a private copy of a path or of a symlink target. NAMETOOLONG above `limits.pathBytes`. */
  path: Uint8Array;
  /** (pointer, length): the guest's bytes themselves, to be written. */
  buffer: Uint8Array;
  /** (pointer, count): the buffers of an I/O vector, to be written to or read from; empty ones are left out. */
  iovs: Uint8Array[];
  /** Addresses where a result of that size goes, checked before the call does anything. */
  outU32: number;
  outU64: number;
  outFdstat: number;
  outFilestat: number;
  outPrestat: number;
  /** roflags of sock_recv: u16. */
  outU16: number;
}

export type Kind = keyof KindValue;

/** The log categories. */
export type Scope = "args" | "clock" | "random" | "proc" | "sched" | "poll" | "fd" | "path" | "sock";

export interface CallDef {
  readonly params: readonly (readonly [name: string, kind: Kind])[];
  readonly scope: Scope;
  /** What each `fd` parameter must not have given up, in order. */
  readonly rights?: readonly Right[];
  /** Changes the file system: ROFS when any `fd` parameter is in a read-only mount. */
  readonly mutates?: true;
  /** proc_exit alone returns nothing. */
  readonly result?: "none";
}

const path = ["path", "path"] as const;
const fd = ["fd", "fd"] as const;
/** Of both calls that wait for several things. */
const pollParams = [
  ["in", "ptr"],
  ["out", "ptr"],
  ["nsubscriptions", "u32"],
  ["nevents", "outU32"],
] as const;

export const calls = {
  args_get: {
    params: [
      ["argv", "ptr"],
      ["argv_buf", "ptr"],
    ],
    scope: "args",
  },
  args_sizes_get: {
    params: [
      ["argc", "outU32"],
      ["argv_buf_size", "outU32"],
    ],
    scope: "args",
  },
  environ_get: {
    params: [
      ["environ", "ptr"],
      ["environ_buf", "ptr"],
    ],
    scope: "args",
  },
  environ_sizes_get: {
    params: [
      ["environc", "outU32"],
      ["environ_buf_size", "outU32"],
    ],
    scope: "args",
  },
  clock_res_get: {
    params: [
      ["id", "u32"],
      ["resolution", "outU64"],
    ],
    scope: "clock",
  },
  clock_time_get: {
    params: [
      ["id", "u32"],
      ["precision", "u64"],
      ["time", "outU64"],
    ],
    scope: "clock",
  },
  fd_advise: {
    params: [fd, ["offset", "u64"], ["len", "u64"], ["advice", "advice"]],
    scope: "fd",
    rights: ["fd_advise"],
  },
  fd_allocate: {
    params: [fd, ["offset", "u64"], ["len", "u64"]],
    scope: "fd",
    rights: ["fd_allocate"],
    mutates: true,
  },
  fd_close: { params: [["fd", "fdnum"]], scope: "fd" },
  fd_datasync: { params: [fd], scope: "fd", rights: ["fd_datasync"] },
  fd_fdstat_get: { params: [fd, ["stat", "outFdstat"]], scope: "fd" },
  fd_fdstat_set_flags: { params: [fd, ["flags", "fdflags"]], scope: "fd", rights: ["fd_fdstat_set_flags"] },
  fd_fdstat_set_rights: { params: [fd, ["base", "rights"], ["inheriting", "rights"]], scope: "fd" },
  fd_filestat_get: { params: [fd, ["stat", "outFilestat"]], scope: "fd", rights: ["fd_filestat_get"] },
  fd_filestat_set_size: {
    params: [fd, ["size", "u64"]],
    scope: "fd",
    rights: ["fd_filestat_set_size"],
    mutates: true,
  },
  fd_filestat_set_times: {
    params: [fd, ["atim", "u64"], ["mtim", "u64"], ["fst_flags", "fstflags"]],
    scope: "fd",
    rights: ["fd_filestat_set_times"],
    mutates: true,
  },
  fd_pread: {
    params: [fd, ["iovs", "iovs"], ["offset", "u64"], ["nread", "outU32"]],
    scope: "fd",
    rights: ["fd_read"],
  },
  fd_prestat_get: { params: [fd, ["prestat", "outPrestat"]], scope: "fd" },
  fd_prestat_dir_name: { params: [fd, ["name", "buffer"]], scope: "fd" },
  fd_pwrite: {
    params: [fd, ["iovs", "iovs"], ["offset", "u64"], ["nwritten", "outU32"]],
    scope: "fd",
    rights: ["fd_write"],
  },
  fd_read: { params: [fd, ["iovs", "iovs"], ["nread", "outU32"]], scope: "fd", rights: ["fd_read"] },
  fd_readdir: {
    params: [fd, ["buf", "buffer"], ["cookie", "u64"], ["bufused", "outU32"]],
    scope: "fd",
    rights: ["fd_readdir"],
  },
  fd_renumber: {
    params: [
      ["from", "fdnum"],
      ["to", "fdnum"],
    ],
    scope: "fd",
  },
  fd_seek: {
    params: [fd, ["offset", "s64"], ["whence", "whence"], ["newoffset", "outU64"]],
    scope: "fd",
    rights: ["fd_seek"],
  },
  fd_sync: { params: [fd], scope: "fd", rights: ["fd_sync"] },
  fd_tell: { params: [fd, ["offset", "outU64"]], scope: "fd", rights: ["fd_tell"] },
  fd_write: { params: [fd, ["iovs", "iovs"], ["nwritten", "outU32"]], scope: "fd", rights: ["fd_write"] },
  path_create_directory: { params: [fd, path], scope: "path", rights: ["path_create_directory"], mutates: true },
  path_filestat_get: {
    params: [fd, ["flags", "lookupflags"], path, ["stat", "outFilestat"]],
    scope: "path",
    rights: ["path_filestat_get"],
  },
  path_filestat_set_times: {
    params: [fd, ["flags", "lookupflags"], path, ["atim", "u64"], ["mtim", "u64"], ["fst_flags", "fstflags"]],
    scope: "path",
    rights: ["path_filestat_set_times"],
    mutates: true,
  },
  path_link: {
    params: [
      ["old_fd", "fd"],
      ["old_flags", "lookupflags"],
      ["old_path", "path"],
      ["new_fd", "fd"],
      ["new_path", "path"],
    ],
    scope: "path",
    rights: ["path_link_source", "path_link_target"],
    mutates: true,
  },
  path_open: {
    params: [
      fd,
      ["dirflags", "lookupflags"],
      path,
      ["oflags", "oflags"],
      ["rights_base", "rights"],
      ["rights_inheriting", "rights"],
      ["fdflags", "fdflags"],
      ["opened_fd", "outU32"],
    ],
    scope: "path",
    rights: ["path_open"],
  },
  path_readlink: {
    params: [fd, path, ["buf", "buffer"], ["bufused", "outU32"]],
    scope: "path",
    rights: ["path_readlink"],
  },
  path_remove_directory: { params: [fd, path], scope: "path", rights: ["path_remove_directory"], mutates: true },
  path_rename: {
    params: [fd, ["old_path", "path"], ["new_fd", "fd"], ["new_path", "path"]],
    scope: "path",
    rights: ["path_rename_source", "path_rename_target"],
    mutates: true,
  },
  path_symlink: {
    params: [["old_path", "path"], fd, ["new_path", "path"]],
    scope: "path",
    rights: ["path_symlink"],
    mutates: true,
  },
  path_unlink_file: { params: [fd, path], scope: "path", rights: ["path_unlink_file"], mutates: true },
  poll_oneoff: {
    params: pollParams,
    scope: "poll",
  },
  proc_exit: { params: [["rval", "u32"]], scope: "proc", result: "none" },
  proc_raise: { params: [["sig", "signal"]], scope: "proc" },
  sched_yield: { params: [], scope: "sched" },
  random_get: { params: [["buf", "buffer"]], scope: "random" },
  sock_accept: {
    params: [fd, ["flags", "fdflags"], ["connection", "outU32"]],
    scope: "sock",
    rights: ["sock_accept"],
  },
  sock_recv: {
    params: [fd, ["ri_data", "iovs"], ["ri_flags", "riflags"], ["ro_datalen", "outU32"], ["ro_flags", "outU16"]],
    scope: "sock",
    rights: ["fd_read"],
  },
  sock_send: {
    params: [fd, ["si_data", "iovs"], ["si_flags", "siflags"], ["so_datalen", "outU32"]],
    scope: "sock",
    rights: ["fd_write"],
  },
  sock_shutdown: { params: [fd, ["how", "sdflags"]], scope: "sock", rights: ["sock_shutdown"] },
  sock_open: {
    params: [
      ["family", "u32"],
      ["type", "u32"],
      ["opened_fd", "outU32"],
    ],
    scope: "sock",
  },
  sock_bind: { params: [fd, ["address", "ptr"], ["port", "u32"]], scope: "sock" },
  sock_listen: { params: [fd, ["backlog", "u32"]], scope: "sock" },
  sock_connect: { params: [fd, ["address", "ptr"], ["port", "u32"]], scope: "sock" },
  "sock_accept/2": { params: [fd, ["connection", "outU32"]], scope: "sock", rights: ["sock_accept"] },
  sock_recv_from: {
    params: [
      fd,
      ["ri_data", "iovs"],
      ["address", "ptr"],
      ["ri_flags", "riflags"],
      ["port", "outU32"],
      ["ro_datalen", "outU32"],
      ["ro_flags", "outU16"],
    ],
    scope: "sock",
    rights: ["fd_read"],
  },
  "sock_recv_from/7": {
    params: [
      fd,
      ["ri_data", "iovs"],
      ["address", "ptr"],
      ["ri_flags", "riflags"],
      ["ro_datalen", "outU32"],
      ["ro_flags", "outU16"],
    ],
    scope: "sock",
    rights: ["fd_read"],
  },
  sock_send_to: {
    params: [
      fd,
      ["si_data", "iovs"],
      ["address", "ptr"],
      ["port", "u32"],
      ["si_flags", "siflags"],
      ["so_datalen", "outU32"],
    ],
    scope: "sock",
    rights: ["fd_write"],
  },
  sock_getlocaladdr: {
    params: [fd, ["address", "ptr"], ["type", "outU32"], ["port", "outU32"]],
    scope: "sock",
  },
  "sock_getlocaladdr/3": { params: [fd, ["address", "ptr"], ["port", "outU32"]], scope: "sock" },
  sock_getpeeraddr: {
    params: [fd, ["address", "ptr"], ["type", "outU32"], ["port", "outU32"]],
    scope: "sock",
  },
  "sock_getpeeraddr/3": { params: [fd, ["address", "ptr"], ["port", "outU32"]], scope: "sock" },
  sock_setsockopt: {
    params: [fd, ["level", "u32"], ["name", "u32"], ["value", "buffer"]],
    scope: "sock",
  },
  sock_getsockopt: {
    params: [fd, ["level", "u32"], ["name", "u32"], ["value", "ptr"], ["size", "outU32"]],
    scope: "sock",
  },
  sock_getaddrinfo: {
    params: [
      ["node", "buffer"],
      ["service", "buffer"],
      ["hints", "ptr"],
      ["list", "outU32"],
      ["max", "u32"],
      ["count", "outU32"],
    ],
    scope: "sock",
  },
  epoll_oneoff: {
    params: pollParams,
    scope: "poll",
  },
} as const satisfies Record<string, CallDef>;

export type CallName = keyof typeof calls;

/** All names, in the order of the table. */
export const callNames = Object.keys(calls) as CallName[];

/** Those of preview1. */
export const preview1Names = callNames.slice(0, callNames.indexOf("sock_open"));

/** Functions of several types under one name. The import's type decides; there is no other negotiation. */
export const variants: Readonly<Record<string, readonly CallName[]>> = {
  sock_accept: ["sock_accept", "sock_accept/2"],
  sock_recv_from: ["sock_recv_from", "sock_recv_from/7"],
  sock_getlocaladdr: ["sock_getlocaladdr", "sock_getlocaladdr/3"],
  sock_getpeeraddr: ["sock_getpeeraddr", "sock_getpeeraddr/3"],
};

/** Functions that WasmEdge has under a second name, with `_v2` behind. */
const seconds = "open bind connect listen accept recv recv_from send send_to getlocaladdr getpeeraddr";
export const secondNames: ReadonlySet<string> = new Set(seconds.split(" ").map((name) => `sock_${name}`));

/** True for the name of a function that a guest can import. */
export function isImportable(name: string): boolean {
  const first = name.replace(/_v2$/, "");
  return (Object.hasOwn(calls, name) && !name.includes("/")) || (first !== name && secondNames.has(first));
}

/** The name a guest knows the function by. */
export const plainName = (name: CallName): string => name.replace(/\/.*/, "");

type Values<P extends CallDef["params"]> = { [I in keyof P]: KindValue[P[I][1]] };

/** What the handler of a call is given after the host itself. */
export type CallArgs<C extends CallName> = Values<(typeof calls)[C]["params"]>;

/** WebAssembly parameters of each kind. */
const wide: ReadonlySet<Kind> = new Set<Kind>(["u64", "s64", "rights"]);
const paired: ReadonlySet<Kind> = new Set<Kind>(["path", "buffer", "iovs"]);

/** The WebAssembly types of a parameter kind. */
export function abiTypes(kind: Kind): readonly ("i32" | "i64")[] {
  if (wide.has(kind)) return ["i64"];
  return paired.has(kind) ? ["i32", "i32"] : ["i32"];
}

/** The WebAssembly function type of a call. */
export function callType(name: CallName): {
  readonly params: readonly ("i32" | "i64")[];
  readonly results: readonly "i32"[];
} {
  const def: CallDef = calls[name];
  return { params: def.params.flatMap(([, kind]) => abiTypes(kind)), results: def.result === "none" ? [] : ["i32"] };
}
