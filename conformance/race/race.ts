/**
 * A race for the sandbox: other processes exchange directories and files of a mount for links to the outside, as fast as
 * they can, while a guest opens, creates, renames, links and removes through the same names. An escape is anything of the
 * outside that is read or found, and any change to it.
 */
import { type ChildProcess, spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import { join } from "node:path";
import { type CallName, errnoName, type HostFiles, HostFs, type HostLevel, OverlayFs, WASI } from "../../wasi/index.ts";

export interface RaceResult {
  /** Host calls made, by name. */
  readonly tries: Readonly<Record<string, number>>;
  /** Of them, those that met the inside, and those that met a link of an attacker and were refused. */
  readonly inside: number;
  readonly refused: number;
  readonly escapes: readonly string[];
}

const secret = "SECRET";

/** Exchanges two names by way of a third, until it is killed. */
const swapper = `
const fs = require("fs"), [a, b, t] = process.argv.slice(1);
process.stdout.write("ready");
for (;;) { try { fs.renameSync(a, t); fs.renameSync(b, a); fs.renameSync(t, b); } catch {} }`;

/** `box` is mounted; `outside` is what nobody may reach. */
function makeTree(): { root: string; box: string; outside: string } {
  const root = fs.mkdtempSync(join(fs.realpathSync(os.tmpdir()), "wasmts-race-"));
  const [box, outside] = [join(root, "box"), join(root, "outside")];
  for (const dir of [join(box, "d/sub"), join(outside, "sub")]) fs.mkdirSync(dir, { recursive: true });
  for (const [dir, text] of [
    [join(box, "d"), "inside"],
    [outside, secret],
  ] as const) {
    for (const name of ["f", "g", "sub/f"]) fs.writeFileSync(join(dir, name), text);
  }
  fs.symlinkSync("../outside", join(box, "evil"));
  fs.writeFileSync(join(box, "x"), "inside");
  fs.symlinkSync("../outside/f", join(box, "y"));
  return { root, box, outside };
}

/** Everything about the outside that could change. */
function imageOf(dir: string): string {
  const entries = fs.readdirSync(dir, { recursive: true, withFileTypes: true });
  const lines = entries.map((entry) => {
    const path = join(entry.parentPath ?? (entry as { path?: string }).path ?? dir, entry.name);
    const { mtimeNs, ctimeNs, size, nlink } = fs.lstatSync(path, { bigint: true });
    return `${path} ${mtimeNs} ${ctimeNs} ${size} ${nlink}`;
  });
  const { mtimeNs, ctimeNs } = fs.lstatSync(dir, { bigint: true });
  return [`${mtimeNs} ${ctimeNs}`, ...lines.sort()].join("\n");
}

function inodesOf(dir: string): Set<string> {
  const names = ["", ...(fs.readdirSync(dir, { recursive: true }) as string[])];
  return new Set(names.map((name) => String(fs.lstatSync(join(dir, name), { bigint: true }).ino)));
}

/**
 * Runs the race for so many seconds.
 *
 * @param level  that of the sandbox; the promise is made for `beneath`
 * @param hostFiles  who makes the system's calls
 */
export async function race(
  seconds: number,
  level: HostLevel = "beneath",
  hostFiles: HostFiles = "auto",
): Promise<RaceResult> {
  const { root, box, outside } = makeTree();
  const attackers = [
    await attack(join(box, "d"), join(box, "evil"), join(box, "t1")),
    await attack(join(box, "x"), join(box, "y"), join(box, "t2")),
  ];
  const before = imageOf(outside);
  const scores = new Scores(inodesOf(outside));
  const [host, overlay] = [
    new Player(new HostFs(box, { level, hostFiles }), scores),
    new Player(new OverlayFs(new HostFs(box, { level, hostFiles })), scores),
  ];
  try {
    for (const end = performance.now() + seconds * 1000; performance.now() < end; ) {
      for (let i = 0; i < 50; i++) host.round(i);
      for (let i = 0; i < 10; i++) overlay.look();
      if (imageOf(outside) !== before) scores.escapes.add("the outside has changed");
    }
  } finally {
    for (const stop of attackers) await stop();
    host.close();
    overlay.close();
    fs.rmSync(root, { recursive: true, force: true });
  }
  const { tries, inside, refused, escapes } = scores;
  return { tries: Object.fromEntries(tries), inside, refused, escapes: [...escapes] };
}

async function attack(...names: string[]): Promise<() => Promise<void>> {
  const child: ChildProcess = spawn(process.execPath, ["-e", swapper, ...names], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  await new Promise((resolve) => child.stdout?.once("data", resolve));
  return () => {
    child.kill("SIGKILL");
    return exited;
  };
}

class Scores {
  readonly tries = new Map<string, number>();
  readonly escapes = new Set<string>();
  readonly outsideInodes: ReadonlySet<string>;
  inside = 0;
  refused = 0;

  constructor(outsideInodes: ReadonlySet<string>) {
    this.outsideInodes = outsideInodes;
  }

  count(call: string, outcome: string): void {
    this.tries.set(call, (this.tries.get(call) ?? 0) + 1);
    if (outcome === "SUCCESS") this.inside++;
    if (outcome === "PERM") this.refused++;
  }
}

/** A guest without code. */
class Player {
  readonly #wasi: WASI;
  readonly #scores: Scores;
  readonly #bytes = new Uint8Array(1 << 16);
  readonly #view = new DataView(this.#bytes.buffer);
  #at = 4096;

  constructor(mounted: HostFs | OverlayFs, scores: Scores) {
    this.#wasi = new WASI({ version: "preview1", stdin: null, mounts: [{ guest: "/", fs: mounted }] });
    this.#wasi.finalizeBindings({ exports: { memory: { buffer: this.#bytes.buffer } } });
    this.#scores = scores;
  }

  /** Changes through the names that are attacked; made names are taken away again, wherever they have landed inside. */
  round(i: number): void {
    const name = `n${i % 5}`;
    this.#call("path_create_directory", 3, ...this.#put(`d/dir-${name}`));
    this.#close(this.#open(`d/${name}`, 1 | 8, 66n));
    this.#call("path_rename", 3, ...this.#put(`d/${name}`), 3, ...this.#put(`d/sub/${name}`));
    this.#call("path_rename", 3, ...this.#put(`d/sub/${name}`), 3, ...this.#put(`moved-${name}`));
    this.#call("path_link", 3, 0, ...this.#put("d/f"), 3, ...this.#put(`d/sub/l-${name}`));
    this.#call("path_symlink", ...this.#put("f"), 3, ...this.#put(`d/s-${name}`));
    this.#call("path_filestat_set_times", 3, 1, ...this.#put("d/g"), 1n, 1n, 5);
    this.#call("path_filestat_set_times", 3, 1, ...this.#put("x"), 1n, 1n, 5);
    this.#close(this.#open("x", 0, 66n));
    for (const made of [`d/${name}`, `d/sub/${name}`, `moved-${name}`, `d/sub/l-${name}`, `d/s-${name}`])
      this.#call("path_unlink_file", 3, ...this.#put(made));
    this.#call("path_remove_directory", 3, ...this.#put(`d/dir-${name}`));
    this.look();
  }

  /** Reads through the names that are attacked. */
  look(): void {
    for (const path of ["d/f", "d/sub/f", "d/./sub/../g", "x", "y"]) {
      this.#read(this.#open(path, 0, 2n), path);
      if (this.#call("path_filestat_get", 3, 1, ...this.#put(path), 64) === "SUCCESS") this.#checkInode(path);
    }
    const dir = this.#open("d", 2, 2n);
    if (dir === undefined) return;
    this.#read(this.#open("f", 0, 2n, dir), "f below a held directory");
    this.#close(this.#open("made", 1, 66n, dir));
    this.#call("path_unlink_file", dir, ...this.#put("made"));
    if (this.#call("fd_filestat_get", dir, 64) === "SUCCESS") this.#checkInode("d");
    this.#close(dir);
  }

  #checkInode(path: string): void {
    if (this.#scores.outsideInodes.has(String(this.#view.getBigUint64(72, true))))
      this.#scores.escapes.add(`${path} led to a file of the outside`);
  }

  #read(fd: number | undefined, path: string): void {
    if (fd === undefined) return;
    this.#view.setUint32(32, 1024, true);
    this.#view.setUint32(36, 64, true);
    if (this.#call("fd_read", fd, 32, 1, 16) === "SUCCESS") {
      const text = Buffer.from(this.#bytes.subarray(1024, 1024 + this.#view.getUint32(16, true))).toString();
      if (text.includes(secret)) this.#scores.escapes.add(`${path} read a file of the outside`);
    }
    this.#close(fd);
  }

  #open(path: string, oflags: number, rights: bigint, base = 3): number | undefined {
    const outcome = this.#call("path_open", base, 1, ...this.#put(path), oflags, rights, 0n, 0, 16);
    return outcome === "SUCCESS" ? this.#view.getUint32(16, true) : undefined;
  }

  #close(fd: number | undefined): void {
    if (fd !== undefined) this.#wasi.wasiImport.fd_close(fd);
  }

  #put(text: string): [number, number] {
    this.#at = this.#at > 60_000 ? 4096 : this.#at + 64;
    this.#bytes.set(new TextEncoder().encode(text), this.#at);
    return [this.#at, text.length];
  }

  #call(name: CallName, ...args: (number | bigint)[]): string {
    const outcome = errnoName(Number(this.#wasi.wasiImport[name](...args)));
    this.#scores.count(name, outcome);
    return outcome;
  }

  close(): void {
    this.#wasi.close();
  }
}
