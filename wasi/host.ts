/**
 * Binds the handlers to one guest: from WebAssembly values to a handler's arguments, from its outcome to an errno.
 *
 * ```
 * guest ──i32, i64──► decode.ts ──checked values──► handler ──► success | Failure | wait
 *   ▲                                                                │
 *   └────────────── errno, or Blocked for the runner ◄───────────────┘
 * ```
 */
import {
  Blocked,
  type FuncInst,
  GuestExit,
  type HostFn,
  type HostResult,
  hostFunc,
  I32,
  I64,
  type Val,
} from "../engine/index.ts";
import { args_get, args_sizes_get } from "./args.ts";
import {
  type CallDef,
  type CallName,
  callNames,
  calls,
  callType,
  plainName,
  preview1Names,
  secondNames,
  variants,
} from "./calls.ts";
import { clock_res_get, clock_time_get } from "./clock.ts";
import { codedError } from "./coded-error.ts";
import { Again, type Context, type HandlerResult, type Handlers, type Progress, type Underway } from "./context.ts";
import { decodeArgs } from "./decode.ts";
import { environ_get, environ_sizes_get } from "./environ.ts";
import { errno, errnoOf } from "./errno.ts";
import * as fd from "./fd.ts";
import { fd_pread, fd_pwrite, fd_read, fd_write } from "./fd-io.ts";
import { fd_readdir } from "./fd-readdir.ts";
import { sock_getaddrinfo } from "./net/addrinfo.ts";
import * as ext from "./net/sock-extension.ts";
import * as path from "./path.ts";
import { path_open } from "./path-open.ts";
import { epoll_oneoff, poll_oneoff } from "./poll.ts";
import { proc_exit, proc_raise } from "./proc.ts";
import { random_get } from "./random.ts";
import { sched_yield } from "./sched.ts";
import { shortWays } from "./short-ways.ts";
import { sock_accept, sock_accept_2, sock_recv, sock_send, sock_shutdown } from "./sock.ts";
import { type Watcher, watchCall } from "./watch.ts";

const handlers: Handlers = {
  args_get,
  args_sizes_get,
  environ_get,
  environ_sizes_get,
  clock_res_get,
  clock_time_get,
  fd_advise: fd.fd_advise,
  fd_allocate: fd.fd_allocate,
  fd_close: fd.fd_close,
  fd_datasync: fd.fd_datasync,
  fd_fdstat_get: fd.fd_fdstat_get,
  fd_fdstat_set_flags: fd.fd_fdstat_set_flags,
  fd_fdstat_set_rights: fd.fd_fdstat_set_rights,
  fd_filestat_get: fd.fd_filestat_get,
  fd_filestat_set_size: fd.fd_filestat_set_size,
  fd_filestat_set_times: fd.fd_filestat_set_times,
  fd_pread,
  fd_prestat_get: fd.fd_prestat_get,
  fd_prestat_dir_name: fd.fd_prestat_dir_name,
  fd_pwrite,
  fd_read,
  fd_readdir,
  fd_renumber: fd.fd_renumber,
  fd_seek: fd.fd_seek,
  fd_sync: fd.fd_sync,
  fd_tell: fd.fd_tell,
  fd_write,
  path_create_directory: path.path_create_directory,
  path_filestat_get: path.path_filestat_get,
  path_filestat_set_times: path.path_filestat_set_times,
  path_link: path.path_link,
  path_open,
  path_readlink: path.path_readlink,
  path_remove_directory: path.path_remove_directory,
  path_rename: path.path_rename,
  path_symlink: path.path_symlink,
  path_unlink_file: path.path_unlink_file,
  poll_oneoff,
  proc_exit,
  proc_raise,
  sched_yield,
  random_get,
  sock_accept,
  sock_recv,
  sock_send,
  sock_shutdown,
  sock_open: ext.sock_open,
  sock_bind: ext.sock_bind,
  sock_listen: ext.sock_listen,
  sock_connect: ext.sock_connect,
  "sock_accept/2": sock_accept_2,
  sock_recv_from: ext.sock_recv_from,
  "sock_recv_from/7": ext.sock_recv_from_7,
  sock_send_to: ext.sock_send_to,
  sock_getlocaladdr: ext.sock_getlocaladdr,
  "sock_getlocaladdr/3": ext.sock_getlocaladdr_3,
  sock_getpeeraddr: ext.sock_getpeeraddr,
  "sock_getpeeraddr/3": ext.sock_getpeeraddr_3,
  sock_setsockopt: ext.sock_setsockopt,
  sock_getsockopt: ext.sock_getsockopt,
  sock_getaddrinfo,
  epoll_oneoff,
};

type AnyHandler = (host: Context, ...args: unknown[]) => HandlerResult;

/**
 * One host call.
 *
 * @param raw  the WebAssembly arguments
 * @param progress  how far the same call has come, if it is made again
 * @returns the errno, or `Blocked` when it has to wait
 * @throws GuestExit from proc_exit, and from every call after it; ERR_WASI_NOT_STARTED before there is a memory
 */
export function callHost(host: Context, name: CallName, raw: readonly Val[], progress?: Progress): HostResult {
  if (host.exited !== undefined) throw host.exited;
  if (!host.mem.isAttached) throw codedError(Error, "ERR_WASI_NOT_STARTED", "wasi.start() has not been called");
  if (name !== "sched_yield") host.yields = 0;
  host.waiting = undefined;
  const before = progress ?? takeProgress(host, name, raw);
  if (before === undefined) {
    const deadlineNs = host.io.admit(name, typeof raw[0] === "number" ? host.fds.find(raw[0] >>> 0) : undefined);
    if (deadlineNs !== undefined) return new Blocked({ deadlineNs }, () => callHost(host, name, raw));
  }
  host.progress = before ?? noProgress;
  host.mem.refresh();
  try {
    host.guard?.call(name);
    const result = (handlers[name] as AnyHandler)(host, ...decodeArgs(host, name, raw));
    return result === undefined ? errno.SUCCESS : suspend(host, name, raw, result);
  } catch (error) {
    return errnoFor(host, error);
  }
}

const noProgress: Progress = [];

/** Runs the rest of a handler. */
function attempt(host: Context, name: CallName, raw: readonly Val[], step: () => HandlerResult): HostResult {
  host.waiting = undefined;
  host.mem.refresh();
  try {
    const result = step();
    return result === undefined ? errno.SUCCESS : suspend(host, name, raw, result);
  } catch (error) {
    return errnoFor(host, error);
  }
}

/** For the runner: `Again` repeats the whole call, `Underway` goes on in its own way. */
function suspend(host: Context, name: CallName, raw: readonly Val[], result: Again | Underway): Blocked {
  const isAsync = result.wait.sources?.some((source) => source.watch !== undefined) === true;
  if (result instanceof Again) {
    const { wait, progress } = result;
    host.waiting = { name, raw, progress: () => progress };
    return new Blocked(wait, () => callHost(host, name, raw, progress), isAsync);
  }
  const { wait, resume, progress } = result;
  host.waiting = { name, raw, progress };
  return new Blocked(wait, () => attempt(host, name, raw, resume), isAsync);
}

/** How far this call had come when the guest was saved. A guest that makes another call is not the one that was saved. */
function takeProgress(host: Context, name: CallName, raw: readonly Val[]): Progress | undefined {
  const { interrupted } = host;
  if (interrupted === undefined) return undefined;
  host.interrupted = undefined;
  const isSame = interrupted.name === name && interrupted.raw.every((value, i) => sameBits(value, raw[i]));
  return isSame ? interrupted.progress : undefined;
}

/** Equal as i32 or i64, whatever their sign. */
const sameBits = (a: Val, b: Val): boolean =>
  a === b || (typeof a === "number" && typeof b === "number" && (a | 0) === (b | 0));

/** What the guest is told; what it is not to be told is thrown on. */
function errnoFor(host: Context, error: unknown): number {
  if (error instanceof GuestExit) host.exited = error;
  const code = errnoOf(error);
  if (code === undefined) throw error;
  return code;
}

/**
 * The functions to import, which return `Blocked` instead of waiting.
 *
 * @param watchers  told of every call
 * @param finish  makes of a function that may return `Blocked` what is to be imported in its place
 */
export function bindCalls(
  host: Context,
  watchers: readonly Watcher[] = [],
  finish?: (fn: HostFn) => HostFn,
): Record<CallName, HostFn> {
  return bindNames(host, watchers, preview1Names, finish) as Record<CallName, HostFn>;
}

function bindNames(
  host: Context,
  watchers: readonly Watcher[],
  names: readonly CallName[],
  finish = (fn: HostFn): HostFn => fn,
): Record<string, HostFn> {
  const bind = (name: CallName): HostFn => {
    const plain = (raw: readonly Val[]): HostResult => callHost(host, name, raw);
    const watched = (raw: readonly Val[]): HostResult => watchCall(watchers, host, name, raw, () => plain(raw));
    const run = watchers.length === 0 ? plain : watched;
    const { result }: CallDef = calls[name];
    const whole = finish(result === "none" ? (...raw) => void run(raw) : (...raw) => run(raw));
    const shorten = watchers.length === 0 && host.guard === undefined ? shortWays[name] : undefined;
    return shorten === undefined ? whole : shorten(host, whole);
  };
  return Object.fromEntries(names.map((name) => [name, bind(name)]));
}

/** All functions, those of several forms under the name of each form. */
export const bindAll = (host: Context, watchers: readonly Watcher[]): Record<CallName, HostFn> =>
  bindNames(host, watchers, callNames) as Record<CallName, HostFn>;

/** The same functions with their WebAssembly types: a module that imports one with another type does not link. */
export function bindImports(host: Context, watchers: readonly Watcher[] = []): Record<CallName, FuncInst> {
  const bound = bindCalls(host, watchers);
  return preview1Forms((name) => bound[name]);
}

/** `bindImports`, of whatever carries out a call. */
export const preview1Forms = (bound: (name: CallName) => HostFn): Record<CallName, FuncInst> =>
  Object.fromEntries(preview1Names.map((name) => [name, typed(name, bound(name))])) as Record<CallName, FuncInst>;

const valTypes = { i32: I32, i64: I64 };

function typed(name: CallName, fn: HostFn): FuncInst {
  const { params, results } = callType(name);
  const type = {
    kind: "func",
    params: params.map((p) => valTypes[p]),
    results: results.map((r) => valTypes[r]),
  } as const;
  return hostFunc(type, fn);
}

/** What a guest of an engine that can suspend it may import besides: WasmEdge's functions for sockets, in all forms. */
export function bindSockets(host: Context, watchers: readonly Watcher[] = []): Record<string, readonly FuncInst[]> {
  const bound = bindAll(host, watchers);
  return socketForms((form) => bound[form]);
}

/** `bindSockets`, of whatever carries out a call. */
export function socketForms(bound: (form: CallName) => HostFn): Record<string, readonly FuncInst[]> {
  const all: Record<string, readonly FuncInst[]> = {};
  const isTheirs = (name: CallName): boolean => calls[name].scope === "sock" || name === "epoll_oneoff";
  for (const name of callNames.filter((n) => isTheirs(n) && plainName(n) === n)) {
    all[name] = (variants[name] ?? [name]).map((form) => typed(form, bound(form)));
    if (secondNames.has(name)) all[`${name}_v2`] = all[name] as readonly FuncInst[];
  }
  return all;
}

/**
 * `bindSockets` for an engine that asks for a function by its name alone: which form is meant, the number of arguments says,
 * which is that of the type it was imported with.
 */
export function bindSocketsByName(host: Context, watchers: readonly Watcher[] = []): Record<string, HostFn> {
  const all = bindSockets(host, watchers);
  const one = (forms: readonly FuncInst[]): HostFn => {
    const byCount = new Map(forms.map((form) => [form.type.params.length, form.host!]));
    const first = forms[0]!.host!;
    return (...args) => (byCount.get(args.length) ?? first)(...args);
  };
  return Object.fromEntries(Object.entries(all).map(([name, forms]) => [name, one(forms)]));
}
