/** The table of calls against what others say about preview1. */
import { createRequire } from "node:module";
import { describe, expect, it } from "vitest";
import { type CallDef, type CallName, callNames, calls, callType, preview1Names } from "./calls.ts";

/** Parameters by letter, i for i32 and I for i64, as in wasi-libc's `__wasi_*` imports. */
const types: Record<CallName, string> = {
  args_get: "ii",
  args_sizes_get: "ii",
  environ_get: "ii",
  environ_sizes_get: "ii",
  clock_res_get: "ii",
  clock_time_get: "iIi",
  fd_advise: "iIIi",
  fd_allocate: "iII",
  fd_close: "i",
  fd_datasync: "i",
  fd_fdstat_get: "ii",
  fd_fdstat_set_flags: "ii",
  fd_fdstat_set_rights: "iII",
  fd_filestat_get: "ii",
  fd_filestat_set_size: "iI",
  fd_filestat_set_times: "iIIi",
  fd_pread: "iiiIi",
  fd_prestat_get: "ii",
  fd_prestat_dir_name: "iii",
  fd_pwrite: "iiiIi",
  fd_read: "iiii",
  fd_readdir: "iiiIi",
  fd_renumber: "ii",
  fd_seek: "iIii",
  fd_sync: "i",
  fd_tell: "ii",
  fd_write: "iiii",
  path_create_directory: "iii",
  path_filestat_get: "iiiii",
  path_filestat_set_times: "iiiiIIi",
  path_link: "iiiiiii",
  path_open: "iiiiiIIii",
  path_readlink: "iiiiii",
  path_remove_directory: "iii",
  path_rename: "iiiiii",
  path_symlink: "iiiii",
  path_unlink_file: "iii",
  poll_oneoff: "iiii",
  proc_exit: "i",
  proc_raise: "i",
  sched_yield: "",
  random_get: "ii",
  sock_accept: "iii",
  sock_recv: "iiiiii",
  sock_send: "iiiii",
  sock_shutdown: "ii",
  // WasmEdge's
  sock_open: "iii",
  sock_bind: "iii",
  sock_listen: "ii",
  sock_connect: "iii",
  "sock_accept/2": "ii",
  sock_recv_from: "iiiiiiii",
  "sock_recv_from/7": "iiiiiii",
  sock_send_to: "iiiiiii",
  sock_getlocaladdr: "iiii",
  "sock_getlocaladdr/3": "iii",
  sock_getpeeraddr: "iiii",
  "sock_getpeeraddr/3": "iii",
  sock_setsockopt: "iiiii",
  sock_getsockopt: "iiiii",
  epoll_oneoff: "iiii",
  sock_getaddrinfo: "iiiiiiii",
};

describe("the table", () => {
  it("has the functions of node:wasi", async () => {
    const { WASI } = createRequire(import.meta.url)("node:wasi") as typeof import("node:wasi");
    const theirs = Object.keys(new WASI({ version: "preview1" }).wasiImport as object);
    expect([...preview1Names].sort()).toEqual(theirs.sort());
    expect(preview1Names).toHaveLength(46);
  });

  it.each(callNames)("%s has the WebAssembly type of its interface", (name) => {
    const { params, results } = callType(name);
    expect(params.map((p) => (p === "i32" ? "i" : "I")).join("")).toBe(types[name]);
    expect(results).toEqual(name === "proc_exit" ? [] : ["i32"]);
  });

  it("names rights for the descriptors it has, and no more", () => {
    for (const def of Object.values(calls) as CallDef[]) {
      const fds = def.params.filter(([, kind]) => kind === "fd").length;
      expect(def.rights?.length ?? 0).toBeLessThanOrEqual(fds);
    }
  });
});
