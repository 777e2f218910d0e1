/**
 * Our `WASI` beside `node:wasi`: the class by its methods, the calls one by one, each on a tree of its own. Where the two
 * differ on purpose, the difference is a row here, with both answers; a new version of Node.js that changes its mind is
 * told by this test.
 */
import { closeSync, openSync } from "node:fs";
import { devNull } from "node:os";
import { beforeAll, describe, expect, it } from "vitest";
import loadWabt from "wabt";
import { Engine } from "../../engine/index.ts";
import { WASI } from "../../wasi/index.ts";
import { hostWebAssembly } from "../real/host-webassembly.ts";
import { type Arg, answers, hostMemory, NodeWasi, out, type Step } from "./node-wasi.ts";

/** Everything that can be asked of a file. */
const all = 0x8e001ffn;

const step = (call: string, args: readonly Arg[], ...see: (readonly [number, number])[]): Step => ({ call, args, see });
const open = (path: string, more: { fd?: number; follow?: number; oflags?: number; rights?: bigint } = {}): Step => ({
  call: "path_open",
  args: [more.fd ?? 3, more.follow ?? 0, path, more.oflags ?? 0, more.rights ?? all, 0n, 0, out],
  see: [[out, 4]],
});
/** One buffer of `length` bytes at `at`, described at 128. */
const vector = (call: string, at: number, length: number, ...args: Arg[]): Step => ({
  call,
  args: [args[0]!, 128, 1, ...args.slice(1), out],
  words: [128, at, length],
  see: [[out, 4]],
});
const [CREAT, DIRECTORY, EXCL, TRUNC] = [1, 2, 4, 8];
const file = open("file");
const close = step("fd_close", [4]);

const alike: Record<string, Step[]> = {
  "arguments and environment": [
    step("args_sizes_get", [out, out + 4], [out, 8]),
    step("args_get", [out, out + 64], [out, 8], [out + 64, 8]),
    step("environ_sizes_get", [out, out + 4], [out, 8]),
    step("environ_get", [out, out + 64], [out, 8], [out + 64, 10]),
  ],
  clocks: [0, 1, 4, 99].flatMap((id) => [step("clock_res_get", [id, out]), step("clock_time_get", [id, 0n, out])]),
  "directories given": [
    step("fd_prestat_get", [3, out], [out, 1], [out + 4, 4]),
    step("fd_prestat_dir_name", [3, out, 4], [out, 5]),
    step("fd_prestat_dir_name", [3, out, 5], [out, 5]),
    step("fd_prestat_get", [4, out]),
  ],
  "reading and positions": [
    file,
    vector("fd_read", 1024, 4, 4),
    step("fd_tell", [4, out], [out, 8]),
    step("fd_seek", [4, -2n, 1, out], [out, 8]),
    step("fd_seek", [4, -100n, 1, out]),
    step("fd_seek", [4, 0n, 2, out], [out, 8]),
    vector("fd_read", 1024, 4, 4),
    vector("fd_pread", 1024, 4, 4, 9n),
    step("fd_tell", [4, out], [out, 8]),
    vector("fd_pread", 1024, 4, 4, -1n),
    close,
    close,
  ],
  writing: [
    file,
    vector("fd_write", 4096, 4, 4),
    vector("fd_pwrite", 4096, 4, 4, 100n),
    step("fd_filestat_get", [4, out], [out + 16, 1], [out + 24, 16]),
    step("fd_filestat_set_size", [4, 3n]),
    step("fd_filestat_get", [4, out], [out + 32, 8]),
    step("fd_allocate", [4, 0n, 20n]),
    step("fd_advise", [4, 0n, 0n, 0]),
    step("fd_advise", [4, 0n, 0n, 9]),
    step("fd_sync", [4]),
    step("fd_datasync", [4]),
    step("fd_filestat_set_times", [4, 1_000_000_000n, 2_000_000_000n, 5]),
    step("fd_filestat_get", [4, out], [out + 40, 16]),
    step("fd_filestat_set_times", [4, 0n, 0n, 3]),
  ],
  "descriptor numbers": [
    file,
    step("fd_renumber", [4, 9]),
    step("fd_renumber", [4, 4]),
    vector("fd_read", 1024, 4, 99),
    open("dir/other"),
    step("fd_renumber", [5, 4]),
    vector("fd_read", 1024, 5, 4),
    step("fd_close", [5]),
  ],
  opening: [
    open("file", { oflags: DIRECTORY }),
    open("dir", { oflags: DIRECTORY, rights: 0x4000n }),
    close,
    open("missing"),
    open("missing/x"),
    open("file/x"),
    open("file/"),
    open("new", { oflags: CREAT }),
    close,
    open("new", { oflags: CREAT | EXCL }),
    open("new", { oflags: TRUNC }),
    close,
    open("link", { follow: 1 }),
    close,
    open("dangling", { follow: 1 }),
    open("dirlink/other"),
    close,
    open("dir/deep/../other"),
    close,
    open("file", { fd: 99 }),
    open("a\0b"),
    open("dir"),
  ],
  "directories and names": [
    step("path_create_directory", [3, "d2"]),
    step("path_create_directory", [3, "d2"]),
    step("path_create_directory", [3, "x/y"]),
    step("path_link", [3, 0, "file", 3, "h"]),
    step("path_link", [3, 0, "file", 3, "h"]),
    step("path_link", [3, 0, "dir", 3, "h2"]),
    step("path_rename", [3, "h", 3, "h3"]),
    step("path_rename", [3, "h", 3, "h3"]),
    step("path_rename", [3, "dir", 3, "h3"]),
    step("path_rename", [3, "dir", 3, "dir/deep/x"]),
    step("path_rename", [3, "d2", 3, "dir"]),
    step("path_unlink_file", [3, "h3"]),
    step("path_unlink_file", [3, "h3"]),
    step("path_unlink_file", [3, "dir"]),
    step("path_remove_directory", [3, "d2"]),
    step("path_remove_directory", [3, "dir"]),
    step("path_remove_directory", [3, "file"]),
    step("path_remove_directory", [3, "dirlink"]),
  ],
  "attributes and links": [
    step("path_filestat_get", [3, 0, "link", out], [out + 16, 1]),
    step("path_filestat_get", [3, 1, "link", out], [out + 16, 1], [out + 32, 8]),
    step("path_filestat_get", [3, 1, "missing", out]),
    step("path_filestat_set_times", [3, 1, "file", 1_000_000_000n, 2_000_000_000n, 5]),
    step("path_filestat_get", [3, 1, "file", out], [out + 40, 16]),
    step("path_readlink", [3, "link", out, 64, out + 64], [out, 4], [out + 64, 4]),
    step("path_readlink", [3, "file", out, 64, out + 64]),
    step("path_symlink", ["file", 3, "l2"]),
    step("path_symlink", ["file", 3, "l2"]),
    step("path_symlink", ["/etc", 3, "l3"]),
  ],
  "the rest": [
    step("random_get", [out, 16]),
    step("random_get", [out, 0]),
    step("sched_yield", []),
    step("poll_oneoff", [out, out, 0, out]),
    step("sock_accept", [99, 0, out]),
  ],
};

/** Why, the steps before, the step itself, and how `node:wasi` and ours answer. */
type Difference = readonly [why: string, before: Step[], last: Step, node: string, ours: string];

const escapes: Difference[] = [
  ["opens a file outside", [], open("way-out/secret"), "SUCCESS 04000000", "PERM"],
  ["makes a directory outside", [], step("path_create_directory", [3, "way-out/made"]), "SUCCESS", "PERM"],
  ["looks at a file outside", [], step("path_filestat_get", [3, 1, "way-out/secret", out]), "SUCCESS", "PERM"],
  ["removes a file outside", [], step("path_unlink_file", [3, "way-out/secret"]), "SUCCESS", "PERM"],
];

const apart: Difference[] = [
  ["what leaves the directory is PERM, as in wasmtime", [], open("../outside/secret"), "NOTCAPABLE", "PERM"],
  ["so is an absolute path", [], open("/etc/passwd"), "NOTCAPABLE", "PERM"],
  ["and a link in the last place", [], open("to-secret", { follow: 1 }), "NOTCAPABLE", "PERM"],
  ["'..' is walked, not cancelled", [], open("nope/../file"), "SUCCESS 04000000", "NOENT"],
  ["a link is opened only where it is to be followed", [], open("link"), "SUCCESS 04000000", "LOOP"],
  ["no name is no file", [], open(""), "INVAL", "NOENT"],
  [
    "rights that were not asked for are there",
    [open("file", { rights: 2n })],
    step("fd_tell", [4, out]),
    "NOTCAPABLE",
    "SUCCESS",
  ],
  ["rights are not given up by surprise", [file], step("fd_filestat_set_size", [3, 3n]), "NOTCAPABLE", "ISDIR"],
  ["a bad address is FAULT", [], step("clock_time_get", [0, 0n, 0x7fff_ffff]), "OVERFLOW", "FAULT"],
  ["a descriptor is looked at before a buffer", [], step("fd_read", [99, 0x7fff_ff00, 1, out]), "OVERFLOW", "BADF"],
  ["a short buffer for a name, as in wasmtime", [], step("fd_prestat_dir_name", [3, out, 2]), "NOBUFS", "NAMETOOLONG"],
  [
    "a link that does not fit is cut, as POSIX says",
    [],
    step("path_readlink", [3, "link", out, 2, out + 64]),
    "NOBUFS",
    "SUCCESS",
  ],
  [
    "links may lead outside: following them may not",
    [],
    step("path_symlink", ["../..", 3, "l4"]),
    "NOTCAPABLE",
    "SUCCESS",
  ],
  ["nothing is below a stream", [], open("file", { fd: 1 }), "NOTCAPABLE", "NOTDIR"],
  ["a stream is no directory given", [], step("fd_prestat_get", [0, out]), "INVAL", "BADF"],
  ["signals that do not exist", [], step("proc_raise", [99]), "NOSYS", "INVAL"],
  ["a directory is no socket", [], step("sock_shutdown", [3, 3]), "NOTSUP", "NOTSOCK"],
];

describe("a call", () => {
  it.each(Object.entries(alike))("about %s is answered alike", (_, steps) => {
    const named = (lines: string[]): string[] => lines.map((line, i) => `${steps[i]!.call}: ${line}`);
    expect(named(answers("ours", steps))).toEqual(named(answers("node", steps)));
  });

  it.each(apart)("differs on purpose: %s", (_, before, last, node, ours) => {
    expect([answers("node", [...before, last]).at(-1), answers("ours", [...before, last]).at(-1)]).toEqual([
      node,
      ours,
    ]);
  });

  it.each(escapes)(
    "through a link to a directory in the middle of a path %s with node:wasi, not with ours",
    (...row) => {
      const [, before, last, node, ours] = row;
      expect([answers("node", [...before, last]).at(-1), answers("ours", [...before, last]).at(-1)]).toEqual([
        node,
        ours,
      ]);
    },
  );
});

describe("the class", () => {
  const noop = (): void => {};
  const outcome = (make: () => unknown): unknown => {
    try {
      return make();
    } catch (error) {
      const { name, code, message } = error as Error & { code?: string };
      return { name, code, message };
    }
  };
  type AnyWasi = InstanceType<typeof NodeWasi>;
  const memory = hostMemory();
  const fails = (): never => {
    throw new Error("from the guest");
  };
  const bind = (wasi: AnyWasi, ...args: unknown[]): unknown =>
    (wasi as unknown as { finalizeBindings(...args: unknown[]): unknown }).finalizeBindings(...args);
  /** Those that were answered otherwise before Node.js had `finalizeBindings`. */
  const newer = [
    "start after a start without memory",
    "start after a start of nothing",
    "finalizeBindings twice, and then start",
  ];
  const isNewer = "finalizeBindings" in NodeWasi.prototype;
  const stories: Record<string, (wasi: AnyWasi) => unknown> = {
    "start after a start without memory": (w) => [
      outcome(() => w.start({ exports: {} })),
      outcome(() => w.start({ exports: { memory, _start: noop } })),
    ],
    "start after a start without _start": (w) => [
      outcome(() => w.start({ exports: { memory, _start: 1 } })),
      outcome(() => w.start({ exports: { memory, _start: noop } })),
    ],
    "start after a start of nothing": (w) => [
      outcome(() => w.start(undefined as never)),
      outcome(() => w.start({ exports: { memory, _start: noop } })),
    ],
    "start after a guest that failed": (w) => [
      outcome(() => w.start({ exports: { memory, _start: fails } })),
      outcome(() => w.start({ exports: { memory, _start: noop } })),
    ],
    "finalizeBindings twice, and then start": (w) => [
      outcome(() => bind(w, { exports: {} })),
      outcome(() => bind(w, {})),
      outcome(() => bind(w, undefined)),
      outcome(() => bind(w, { exports: { memory } }, { memory: null })),
      outcome(() => bind(w, { exports: { memory } }, {})),
      outcome(() => bind(w, { exports: { memory } })),
      outcome(() => w.start({ exports: { memory, _start: noop } })),
    ],
    "initialize after start": (w) => [
      outcome(() => w.start({ exports: { memory, _start: noop } })),
      outcome(() => w.initialize({ exports: { memory } })),
    ],
    "initialize that is no function": (w) => outcome(() => w.initialize({ exports: { memory, _initialize: 1 } })),
    "what initialize returns": (w) => outcome(() => w.initialize({ exports: { memory, _initialize: () => 5 } })),
    "what _start returns": (w) => outcome(() => w.start({ exports: { memory, _start: () => 5 } })),
    "the functions": (w) => Object.keys(w.wasiImport as object).sort(),
    "the import object": (w) => {
      const [one, two] = [1, 2].map(() => (w as unknown as WASI).getImportObject());
      return [Object.keys(one!), one!.wasi_snapshot_preview1 === (w.wasiImport as unknown), one === two];
    },
  };

  it.each(Object.entries(stories))("%s", (title, story) => {
    if (newer.includes(title) && !isNewer) return;
    const options = { version: "preview1" } as const;
    expect(story(new WASI(options) as unknown as AnyWasi)).toEqual(story(new NodeWasi(options)));
  });

  it.each([new WASI({ version: "preview1" }), new NodeWasi({ version: "preview1" })])(
    "is made with new only",
    (wasi) => {
      expect(() => (wasi.constructor as () => unknown)()).toThrow("cannot be invoked without 'new'");
    },
  );
});

describe("one guest in three settings", () => {
  /** Writes its arguments, and ends with their number. */
  const text = `(module
    (import "wasi_snapshot_preview1" "args_sizes_get" (func $sizes (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "args_get" (func $args (param i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
    (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
    (memory (export "memory") 1)
    (func (export "_start")
      (drop (call $sizes (i32.const 0) (i32.const 4)))
      (drop (call $args (i32.const 64) (i32.const 256)))
      (i32.store (i32.const 16) (i32.const 256)) (i32.store (i32.const 20) (i32.sub (i32.load (i32.const 4)) (i32.const 1)))
      (drop (call $write (i32.const 1) (i32.const 16) (i32.const 1) (i32.const 32)))
      (call $exit (i32.load (i32.const 0))) unreachable))`;
  let bytes: Uint8Array;
  beforeAll(async () => {
    bytes = (await loadWabt()).parseWat("guest.wat", text).toBinary({}).buffer;
  });

  it("ends alike: ours under our engine, ours under the host's, and node:wasi", () => {
    const engine = new Engine();
    const said: string[] = [];
    const stdout = (chunk: Uint8Array): void => void said.push(Buffer.from(chunk).toString());
    const options = { version: "preview1", args: ["prog", "one"] } as const;
    const onOurs = new WASI({ ...options, stdout });
    const onHosts = new WASI({ ...options, stdout });
    const nowhere = openSync(devNull, "w");
    const theirs = new NodeWasi({ ...options, args: [...options.args], stdout: nowhere });
    const module = new hostWebAssembly.Module(bytes);
    const codes = [
      onOurs.start(engine.instantiate(engine.compile(bytes), onOurs.getImportObject())),
      onHosts.start(new hostWebAssembly.Instance(module, onHosts.getImportObject())),
      theirs.start(new hostWebAssembly.Instance(module, theirs.getImportObject() as object)),
    ];
    closeSync(nowhere);
    expect([codes, said]).toEqual([
      [2, 2, 2],
      ["prog\0one", "prog\0one"],
    ]);
  });
});
