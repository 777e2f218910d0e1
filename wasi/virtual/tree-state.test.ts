/** Files in memory are part of a saved guest: what is restored is what was saved, and nothing is trusted. */
import { describe, expect, it } from "vitest";
import { WasmError } from "../../engine/index.ts";
import { HostFs, MemoryFs, OverlayFs, TarFs, type WasiOptions } from "../index.ts";
import { dump, fill } from "../node/testing/file-systems.ts";
import { CREAT, Guest, makeTree, READ, removeTrees, type Stat } from "../node/testing/guest.ts";
import { tarOf } from "../node/testing/tar-bytes.ts";

const tree = { file: "text", hard: "=file", "dir/deep/f": "inside", "dir/link": ">deep/f", empty: null };

const on = (fs: MemoryFs | OverlayFs | TarFs, more: Partial<WasiOptions> = {}): Guest =>
  new Guest({ mounts: [{ guest: "/", fs }], ...more });

function filled(): MemoryFs {
  const fs = new MemoryFs();
  fill(fs, tree);
  return fs;
}

function refusal(bytes: Uint8Array, guest: Guest): WasmError {
  try {
    guest.wasi.state.prepare(bytes).cancel();
  } catch (error) {
    expect(error).toBeInstanceOf(WasmError);
    return error as WasmError;
  }
  throw new Error("it was accepted");
}

describe("a restored guest", () => {
  it("has its files in memory, and goes on in the middle of them", () => {
    const first = on(filled());
    const fd = first.fd("file");
    expect(first.read(fd, 2)).toBe("te");
    const sparse = first.fd("sparse", { oflags: CREAT });
    first.call("fd_filestat_set_size", sparse, 5_000_000_000n);
    const binary = Uint8Array.from({ length: 40_000 }, (_, i) => (i * 7) & 0xff);
    expect(first.write(first.fd("binary", { oflags: CREAT }), binary)).toBe(40_000);
    first.setTimes("dir", 5n, 6n, 5);
    first.onPath("path_create_directory", Uint8Array.of(0x66, 0xff));
    const to = new MemoryFs();
    const second = on(to);
    second.wasi.state.prepare(first.wasi.state.save()).commit();
    expect(dump(second)).toEqual(dump(first));
    expect([second.read(fd), second.write(fd, "!")]).toEqual(["xt", 1]);
    expect(new TextDecoder().decode(to.readFile("hard"))).toBe("text!");
    expect(to.readFile("binary")).toEqual(binary);
    expect(second.stat("sparse")).toMatchObject({ size: 5_000_000_000n });
    expect(second.stat("dir")).toMatchObject({ atim: 5n, mtim: 6n, nlink: 3n, ino: (first.stat("dir") as Stat).ino });
    expect([
      second.rename("dir", "dir/deep/x"),
      second.rename("dir", "moved"),
      second.stat("moved/deep/f"),
    ]).toMatchObject(["INVAL", "SUCCESS", { size: 6n }]);
    const made = second.fd("made", { oflags: CREAT });
    const all = dump(second).map((line) => line.split(" ")[0]!);
    const inodes = all.map((file) => String((second.stat(file) as Stat).ino));
    expect(new Set(inodes).size).toBe(inodes.length - 1);
    expect(made).toBeTypeOf("number");
  });

  it("counts what it holds, and gives back what was there before", () => {
    const first = filled();
    const bytes = on(first).wasi.state.save();
    const to = new MemoryFs();
    to.writeFile("old/a/b", new Uint8Array(100_000));
    const guest = on(to);
    const held = guest.fd("old/a/b");
    guest.wasi.state.prepare(bytes).commit();
    expect(to.usage.entries).toBe(first.usage.entries);
    expect(guest.stat("old")).toBe("NOENT");
    expect(held).toBe(4);
    expect(to.usage).toEqual(first.usage);
  });

  it("may be cancelled: then nothing has changed", () => {
    const to = new MemoryFs();
    to.writeFile("old/f", "here");
    const guest = on(to);
    const [before, usage] = [dump(guest), to.usage];
    guest.wasi.state.prepare(on(filled()).wasi.state.save()).cancel();
    expect([dump(guest), to.usage]).toEqual([before, usage]);
  });
});

describe("what cannot be saved", () => {
  it("is a changed overlay; one without changes and archives have nothing to save", () => {
    const root = makeTree({ f: "x" });
    const overlay = new OverlayFs(new HostFs(root));
    const guest = on(overlay);
    expect(guest.wasi.state.save().length).toBeGreaterThan(0);
    guest.mkdir("d");
    expect(() => guest.wasi.state.save()).toThrow(expect.objectContaining({ code: "WT6011", kind: "unsupported" }));
    const tar = new TarFs(tarOf({ f: "x" }));
    const first = on(tar);
    const fd = first.fd("f", { rights: READ });
    const second = on(tar);
    second.wasi.state.prepare(first.wasi.state.save()).commit();
    expect(second.read(fd)).toBe("x");
    removeTrees();
  });

  it("is more than fits into a snapshot", () => {
    const fs = new MemoryFs({ maxBytes: 1 << 30 });
    fs.writeFile("big", new Uint8Array((1 << 26) + 1));
    expect(() => on(fs).wasi.state.save()).toThrow(/more than 67108864 bytes/);
  });
});

describe("what cannot be restored", () => {
  const bytes = on(filled()).wasi.state.save();

  it("is without a place or room for it", () => {
    const other = new Guest({ mounts: [{ guest: "/other", fs: new MemoryFs() }] });
    expect(refusal(bytes, other)).toMatchObject({ code: "WT6015", kind: "unlinkable" });
    for (const limits of [{ maxBytes: 400 }, { maxEntries: 4 }]) {
      const fs = new MemoryFs(limits);
      expect(refusal(bytes, on(fs))).toMatchObject({ code: "WT6015" });
      expect(fs.usage).toEqual({ bytes: 0, entries: 0 });
    }
    expect(refusal(bytes, on(new OverlayFs(new MemoryFs())))).toMatchObject({ code: "WT6015" });
  });

  it("is no tree: circles, directories in two places, names that are none, nodes nobody has", () => {
    type Saved = { files: { tree: { nextIno: string; nodes: Record<string, unknown>[] } }[] };
    const parsed = (): Saved => JSON.parse(new TextDecoder().decode(bytes)) as Saved;
    const refused = (change: (nodes: Record<string, unknown>[], tree: { nextIno: string }) => void): string => {
      const saved = parsed();
      change(saved.files[0]!.tree.nodes, saved.files[0]!.tree);
      const fs = new MemoryFs();
      const error = refusal(new TextEncoder().encode(JSON.stringify(saved)), on(fs));
      expect(fs.usage).toEqual({ bytes: 0, entries: 0 });
      return error.code;
    };
    const dirs = (nodes: Record<string, unknown>[]): { at: number; entries: { name: unknown; node: number }[] }[] =>
      nodes.flatMap((node, at) =>
        node.kind === "dir" ? [{ at, entries: node.entries as { name: unknown; node: number }[] }] : [],
      );
    const last = (nodes: Record<string, unknown>[]) => dirs(nodes).at(-1)!;
    const bad: Parameters<typeof refused>[0][] = [
      (nodes) => nodes.splice(0),
      (nodes) => (nodes[0] = nodes.find((node) => node.kind === "file")!),
      (nodes) => dirs(nodes)[0]!.entries.push({ name: "again", node: last(nodes).at }),
      (nodes) => last(nodes).entries.push({ name: "circle", node: dirs(nodes)[1]!.at }),
      (nodes) => last(nodes).entries.push({ name: "root", node: 0 }),
      (nodes) => last(nodes).entries.push({ name: "none", node: nodes.length }),
      (nodes) => nodes.push({ kind: "link", ino: "900", atim: "0", mtim: "0", ctim: "0", target: "x" }),
      ...["", ".", "..", "a/b", "a\0b", "x".repeat(256), { hex: "2f" }].map(
        (name) => (nodes: Record<string, unknown>[]) => {
          dirs(nodes)[0]!.entries[0]!.name = name;
        },
      ),
      (nodes) =>
        dirs(nodes)[0]!.entries.push({
          name: dirs(nodes)[0]!.entries[0]!.name,
          node: dirs(nodes)[0]!.entries[0]!.node,
        }),
      (nodes) => (nodes[1]!.ino = nodes[0]!.ino),
      (_, tree) => (tree.nextIno = "1"),
    ];
    expect(bad.map(refused)).toEqual(bad.map(() => "WT6010"));
  });
});
