/**
 * Attacks on the sandbox: everything that got guests out of other runtimes, and then some. Nothing outside the mount may
 * be read, changed or even found to exist.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import type { HostLevel } from "../index.ts";
import {
  CREAT,
  DIRECTORY,
  EXCL,
  Guest,
  makeTree,
  openDescriptors,
  READ,
  removeTrees,
  TRUNC,
  WRITE,
} from "./testing/guest.ts";

afterEach(removeTrees);

const secret = "SECRET";

/** `box` is mounted; `outside`, `boxes` (same prefix) and `secret` are not. */
function setup(
  more: Record<string, string | null> = {},
  fsLevel?: HostLevel,
): { guest: Guest; root: string; box: string } {
  const root = makeTree({
    secret,
    "outside/secret": secret,
    "outside/dir/f": secret,
    "boxes/secret": secret,
    "box/file": "inside",
    "box/dir/f": "inside",
    "box/dir/deep/f": "inside",
    "box/out": ">../outside",
    "box/dir/out2": ">../../outside",
    "box/outabs": ">/etc",
    "box/outfile": ">../secret",
    "box/outslash": ">../outside/",
    "box/prefix": ">../boxes",
    "box/up": ">..",
    "box/chain": ">dir/chain2",
    "box/dir/chain2": ">../out",
    "box/new-outside": ">../created",
    "box/self": ">self",
    "box/ping": ">pong",
    "box/pong": ">ping",
    "box/here": ">.",
    "box/rootlink": ">/",
    "box/proc": ">/proc/self/root",
    ...more,
  });
  return {
    guest: new Guest({ dirs: [{ host: path.join(root, "box"), guest: "/" }], fsLevel }),
    root,
    box: path.join(root, "box"),
  };
}

const snapshot = (root: string): string =>
  execFileSync("find", [root, "-path", `${root}/box`, "-prune", "-o", "-printf", "%P %y %s %n %T@\\n"], {
    encoding: "utf8",
  });

const escapes = [
  "../secret",
  "../outside/secret",
  "../../../../../../etc/passwd",
  "dir/../../secret",
  "dir/../../box/file",
  "dir/deep/../../../secret",
  "./../secret",
  ".//..//secret",
  "/etc/passwd",
  "//etc/passwd",
  "out/secret",
  "out/dir/f",
  "dir/out2/secret",
  "outabs/passwd",
  "outfile",
  "outslash/secret",
  "prefix/secret",
  "up/secret",
  "up/box/file",
  "chain/secret",
  "here/out/secret",
  "out/../box/file",
  "out/..",
  "out/",
  "outslash",
  "outslash/",
  "up",
  "up/",
  "up/.",
  "chain/",
  "rootlink/etc/passwd",
  "rootlink",
  "proc/etc/passwd",
  "../boxes/secret",
];

describe.each(["beneath", "nofollow"] as const)("paths that lead outside, level %s", (level) => {
  it.each(escapes)("%s", (file) => {
    const { guest, root } = setup({}, level);
    const before = snapshot(root);
    const refused = /^(PERM|LOOP)$/;
    for (const oflags of [0, CREAT, TRUNC, CREAT | TRUNC, DIRECTORY]) {
      for (const rights of [READ, READ | WRITE, 0n, -1n])
        expect(guest.open(file, { oflags, rights, follow: true })).toMatch(refused);
    }
    expect(guest.open(file, { oflags: CREAT | EXCL, follow: true })).toMatch(/^(PERM|EXIST)$/);
    expect(guest.stat(file, true)).toBe("PERM");
    expect(guest.setTimes(file, 1n, 1n, 5, true)).toBe("PERM");
    expect(guest.open(`${file}/x`, { oflags: CREAT })).toBe("PERM");
    expect(guest.mkdir(`${file}/x`)).toBe("PERM");
    expect(guest.unlink(`${file}/secret`)).toBe("PERM");
    expect(guest.rmdir(`${file}/dir`)).toBe("PERM");
    expect(guest.symlink("x", `${file}/x`)).toBe("PERM");
    expect(guest.readlink(`${file}/x`)).toBe("!PERM");
    expect(guest.rename("file", `${file}/x`)).toBe("PERM");
    expect(guest.rename(`${file}/secret`, "x")).toBe("PERM");
    expect(guest.link("file", `${file}/x`)).toBe("PERM");
    expect(guest.link(`${file}/secret`, "x")).toBe("PERM");
    expect(snapshot(root)).toBe(before);
  });

  it("cannot be told from paths that do not exist there", () => {
    const { guest } = setup({ "box/out-none": ">../none", "box/out-secret": ">../secret" }, level);
    expect(guest.stat("out-none", true)).toBe(guest.stat("out-secret", true));
    expect(guest.stat("../none")).toBe(guest.stat("../secret"));
  });

  it("do not create through a link, as CVE-2024-38358", () => {
    const { guest, root } = setup({}, level);
    expect(guest.open("new-outside", { oflags: CREAT, follow: true })).toBe("PERM");
    expect(fs.existsSync(path.join(root, "created"))).toBe(false);
  });

  it("made by the guest itself do not help, as CVE-2024-38358", () => {
    const { guest } = setup({}, level);
    expect(guest.symlink("../outside", "mine")).toBe("SUCCESS");
    expect(guest.symlink("../../outside", "dir/mine")).toBe("SUCCESS");
    expect([guest.open("mine/secret"), guest.open("dir/mine/secret"), guest.stat("mine", true)]).toEqual([
      "PERM",
      "PERM",
      "PERM",
    ]);
    // A link that was inside where it was made leads outside after moving up.
    expect(guest.symlink("../file", "dir/l")).toBe("SUCCESS");
    expect(guest.read(guest.fd("dir/l", { rights: READ, follow: true }))).toBe("inside");
    guest.rename("dir/l", "l");
    expect(guest.open("l", { follow: true })).toBe("PERM");
  });

  it("loop without end", () => {
    const { guest } = setup({}, level);
    for (const file of ["self", "ping", "pong/x", "self/../file"]) expect(guest.stat(file, true)).toBe("LOOP");
  });
});

describe("directories that are held", () => {
  it("do not let .. out when they were moved up", () => {
    const { guest } = setup();
    const deep = guest.fd("dir/deep", { rights: READ, oflags: DIRECTORY });
    expect(guest.rename("dir/deep", "deep")).toBe("SUCCESS");
    expect(guest.stat("../file", false, deep)).toBe("PERM");
    expect(guest.read(guest.fd("f", { rights: READ, base: deep }))).toBe("inside");
  });

  it("cannot be left upwards at all: each descriptor is its own root", () => {
    const { guest } = setup();
    const dir = guest.fd("dir", { rights: READ, oflags: DIRECTORY });
    expect(guest.stat("..", false, dir)).toBe("PERM");
    expect(guest.stat("deep/../f", false, dir)).toMatchObject({ type: 4 });
  });

  it("stay what they are when the name is taken over by a link", () => {
    const { guest, box } = setup();
    const dir = guest.fd("dir", { rights: READ, oflags: DIRECTORY });
    fs.renameSync(path.join(box, "dir"), path.join(box, "was-dir"));
    fs.symlinkSync("../outside/dir", path.join(box, "dir"));
    expect(guest.read(guest.fd("f", { rights: READ, base: dir }))).toBe("inside");
    expect(guest.open("dir/f", { rights: READ })).toBe("PERM");
  });
});

describe("mounts side by side", () => {
  it("do not lead into each other", () => {
    const root = makeTree({ "a/f": "x", "a/b/g": "y", "a/b/up": ">../f", "ab/h": "z", "a/side": ">../ab" });
    const guest = new Guest({
      dirs: [
        { host: path.join(root, "a/b"), guest: "/b" },
        { host: path.join(root, "a"), guest: "/a" },
        { host: path.join(root, "ab"), guest: "/ab" },
      ],
    });
    expect([guest.stat("../f"), guest.stat("up", true)]).toEqual(["PERM", "PERM"]);
    expect([guest.stat("b/up", true, 4), guest.stat("b/g", true, 4)]).toMatchObject([{ type: 4 }, { type: 4 }]);
    expect([guest.stat("side/h", true, 4), guest.stat("../ab/h", true, 4)]).toEqual(["PERM", "PERM"]);
  });
});

describe("a mount of /", () => {
  const guest = (): Guest => new Guest({ dirs: [{ host: "/", guest: "/", readOnly: true }] });

  it("has no way above it", () => {
    expect(guest().stat("..")).toBe("PERM");
    expect(guest().stat("usr/../../usr")).toBe("PERM");
  });

  it("does not open the files of this process", () => {
    const root = guest();
    const before = openDescriptors();
    for (const file of ["proc/self/environ", "proc/self/mem", "proc/self/maps", `proc/${process.pid}/cmdline`]) {
      expect(root.open(file, { rights: READ, follow: true })).toMatch(/^(ACCES|PERM)$/);
    }
    expect(root.open(`proc/${process.pid}/environ`, { rights: READ })).toBe("ACCES");
    expect(openDescriptors()).toBe(before);
  });

  it("does not follow magic links", () => {
    for (const file of ["proc/self/root/etc", "proc/self/cwd", "proc/self/exe", "proc/self/fd/1", "proc/self/fd/3/x"]) {
      expect(guest().stat(file, true)).toMatch(/^(PERM|NOENT|NOTDIR)$/);
    }
  });

  it("does not open devices", () => {
    for (const file of ["dev/null", "dev/zero", "dev/tty", "dev/full"]) {
      expect(guest().open(file, { rights: READ })).toMatch(/^(ACCES|NOENT)$/);
    }
  });
});

describe("a /proc that is mounted somewhere else, as below another root,", () => {
  const ways = {
    "by the native part": { hostFiles: "auto" },
    portable: { hostFiles: "portable" },
    "by paths": { fsLevel: "nofollow" },
  } as const;
  it.each(Object.entries(ways))("opens no files of this process either, %s", (_, options) => {
    const root = makeTree({ proc: null, file: "text" });
    const proc = path.join(root, "proc");
    try {
      execFileSync("mount", ["-t", "proc", "proc", proc], { stdio: "ignore" });
    } catch {
      return console.log("skipped: mounting /proc once more is not allowed here");
    }
    try {
      for (const trace of [undefined, (): void => {}]) {
        const guest = new Guest({ dirs: [{ host: root, guest: "/" }], ...options, trace });
        const below = guest.fd(`proc/${process.pid}`, { rights: 0n });
        for (const rights of [READ, READ | WRITE, 0n]) {
          for (const name of ["environ", "mem", "cmdline"]) {
            expect(guest.open(`proc/${process.pid}/${name}`, { rights })).toBe("ACCES");
            expect(guest.open(name, { rights, base: below })).toBe("ACCES");
          }
        }
        expect(guest.stat("proc/version")).toMatchObject({ type: 4 });
        expect(guest.read(guest.fd("file", { rights: READ }))).toBe("text");
        guest.wasi.close();
      }
    } finally {
      execFileSync("umount", [proc]);
    }
  });
});

describe("special files in a mount", () => {
  it("a FIFO does not hang and can be read and written", () => {
    const root = makeTree();
    const fifo = path.join(root, "fifo");
    execFileSync("mkfifo", [fifo]);
    const guest = new Guest({ dirs: [{ host: root, guest: "/" }] });
    expect(guest.open("fifo", { rights: WRITE })).toBe("NXIO");
    const reader = guest.fd("fifo", { rights: READ });
    expect(guest.read(reader)).toBe("");
    const writer = guest.fd("fifo", { rights: WRITE });
    expect(guest.write(writer, "through")).toBe(7);
    expect(guest.read(reader)).toBe("through");
    const before = openDescriptors();
    guest.call("fd_close", reader);
    guest.call("fd_close", writer);
    expect(openDescriptors()).toBe(before - 2);
  });

  it("a socket cannot be opened", () => {
    const root = makeTree();
    const listen = `require("net").createServer().listen(${JSON.stringify(path.join(root, "s"))}, () => process.kill(process.pid, "SIGKILL"))`;
    try {
      execFileSync(process.execPath, ["-e", listen], { stdio: "ignore" });
    } catch {}
    const guest = new Guest({ dirs: [{ host: root, guest: "/" }] });
    expect(guest.stat("s")).toMatchObject({ type: 6 });
    expect(guest.open("s")).toBe("NXIO");
  });
});

describe("host descriptors", () => {
  it("are all given back, whatever failed", () => {
    const { guest } = setup();
    const before = openDescriptors();
    for (const file of [...escapes, "none", "file/x", "self", "dir/deep/f", "dir/deep/none", "out/x/y/z"]) {
      for (const oflags of [0, CREAT, DIRECTORY, TRUNC, 99]) {
        const fd = guest.open(file, { oflags, follow: true });
        if (typeof fd === "number") guest.call("fd_close", fd);
      }
      guest.stat(file, true);
      guest.rename(file, file);
      guest.link(file, "dir/deep/f");
      guest.link("dir/deep/f", file);
    }
    expect(openDescriptors()).toBe(before);
  });

  it("are all given back by close, and at the end of a failed construction", () => {
    const before = openDescriptors();
    const { guest, root } = setup();
    for (let i = 0; i < 20; i++) guest.fd("file");
    guest.fd("dir", { rights: READ });
    expect(openDescriptors()).toBe(before + 22);
    guest.wasi.close();
    guest.wasi.close();
    expect(openDescriptors()).toBe(before);
    expect(guest.open("file")).toBe("BADF");
    const dirs = [root, root, path.join(root, "none")].map((host, i) => ({ host, guest: `/${i}` }));
    expect(() => new Guest({ dirs })).toThrow("none");
    expect(openDescriptors()).toBe(before);
  });
});

describe("a walk", () => {
  it("may be deep, to a limit, and gives everything back", () => {
    const { guest, box } = setup();
    const deep = (n: number): string => "d/".repeat(n);
    let at = box;
    for (let i = 0; i < 700; i += 100) {
      at = path.join(at, ...new Array(100).fill("d"));
      fs.mkdirSync(at, { recursive: true });
    }
    const before = openDescriptors();
    expect(guest.stat(deep(512))).toMatchObject({ type: 3 });
    expect(guest.stat(deep(514))).toBe("NAMETOOLONG");
    expect(guest.stat(`${deep(500)}${"../".repeat(500)}file`)).toMatchObject({ type: 4 });
    expect(openDescriptors()).toBe(before);
  });

  it("is bounded in steps", () => {
    const steps = `${"here/".repeat(38)}`;
    const { guest } = setup({ "box/long": `>${"./dir/../".repeat(400)}` });
    expect(guest.stat(`${"long/".repeat(3)}file`)).toMatchObject({ type: 4 });
    expect(guest.stat(`${steps}file`)).toMatchObject({ type: 4 });
    expect(guest.stat(`${"long/".repeat(30)}file`)).toBe("LOOP");
  });
});

/** Swaps `a` and `b` by renaming, as fast as it can, until killed. */
const swapper = `
const fs = require("fs"), [a, b, t] = process.argv.slice(1);
process.stdout.write("ready");
for (;;) { fs.renameSync(a, t); fs.renameSync(b, a); fs.renameSync(t, b); }`;

/** Creates and deletes a file, as fast as it can, until killed. */
const blinker = `
const fs = require("fs"), [a] = process.argv.slice(1);
process.stdout.write("ready");
for (;;) { fs.closeSync(fs.openSync(a, "a")); fs.rmSync(a, { force: true }); }`;

const whileSwapping = (a: string, b: string, run: () => void): Promise<void> =>
  whileRunning(swapper, [a, b, `${a}.tmp`], run);

async function whileRunning(script: string, args: readonly string[], run: () => void): Promise<void> {
  const child: ChildProcess = spawn(process.execPath, ["-e", script, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise((resolve) => child.once("exit", resolve));
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  try {
    run();
  } finally {
    child.kill("SIGKILL");
    await exited;
  }
}

/** A stopwatch for a race: `ms` at least, and until both outcomes were seen often, but not for ever. */
function stopwatch(ms: number): (...seen: (number | undefined)[]) => boolean {
  const start = performance.now();
  return (...seen) => {
    const elapsed = performance.now() - start;
    return elapsed > 10_000 || (elapsed > ms && seen.every((n) => (n ?? 0) > 20));
  };
}

describe("a race with someone who swaps a directory for a link", () => {
  it("is never won by the attacker", async () => {
    const { guest, root, box } = setup({ "box/d/f": "inside", "box/evil": ">../outside/dir", "box/d/g": "inside" });
    const outside = snapshot(root);
    const seen = new Map<string, number>();
    const count = (what: string): void => void seen.set(what, (seen.get(what) ?? 0) + 1);
    await whileSwapping(path.join(box, "d"), path.join(box, "evil"), () => {
      const isOver = stopwatch(1500);
      while (!isOver(seen.get("read inside"), seen.get("open PERM"))) {
        const fd = guest.open("d/f", { rights: READ });
        if (typeof fd === "string") count(`open ${fd}`);
        else {
          count(`read ${guest.read(fd)}`);
          guest.call("fd_close", fd);
        }
        count(`stat ${typeof guest.stat("d/f") === "string" ? guest.stat("d/f") : "found"}`);
        count(`mkdir ${guest.mkdir("d/new")}`);
        count(`unlink ${guest.unlink("d/f-none")}`);
        const made = guest.open("d/created", { oflags: CREAT | TRUNC });
        if (typeof made === "number") guest.call("fd_close", made);
      }
    });
    expect([...seen.keys()].filter((k) => k.includes(secret))).toEqual([]);
    // The attacker was there: some tries met the link, some did not.
    expect(seen.get("read inside")).toBeGreaterThan(0);
    expect(seen.get("open PERM")).toBeGreaterThan(0);
    expect(snapshot(root)).toBe(outside);
  });

  it("is not won at the last component either", async () => {
    const { guest, root, box } = setup({ "box/x": "inside", "box/y": ">../secret" });
    const seen = new Map<string, number>();
    await whileSwapping(path.join(box, "x"), path.join(box, "y"), () => {
      const isOver = stopwatch(1000);
      while (!isOver(seen.get("inside"), seen.get("PERM"))) {
        for (const options of [
          { rights: READ, follow: true },
          { rights: READ | WRITE, oflags: CREAT, follow: true },
        ]) {
          const fd = guest.open("x", options);
          const what = typeof fd === "number" ? guest.read(fd) : fd;
          seen.set(what, (seen.get(what) ?? 0) + 1);
          if (typeof fd === "number") guest.call("fd_close", fd);
        }
        guest.setTimes("x", 1n, 1n, 5, true);
      }
    });
    expect(seen.has(secret)).toBe(false);
    expect(seen.get("inside")).toBeGreaterThan(0);
    expect(seen.get("PERM")).toBeGreaterThan(0);
    expect(fs.readFileSync(path.join(root, "secret"), "utf8")).toBe(secret);
    expect(fs.statSync(path.join(root, "secret")).mtimeMs).toBeGreaterThan(1000);
  });

  it("of creating and deleting ends in an open file every time", async () => {
    const { guest, box } = setup();
    const failures = new Set<string>();
    await whileRunning(blinker, [path.join(box, "blink")], () => {
      for (const end = performance.now() + 1000; performance.now() < end; ) {
        const fd = guest.open("blink", { oflags: CREAT });
        if (typeof fd === "number") guest.call("fd_close", fd);
        else failures.add(fd);
      }
    });
    expect([...failures]).toEqual([]);
  });
});
