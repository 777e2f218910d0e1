/** Receipts: the same for the same run, another one for any difference, unchanged by being saved in the middle. */
import { afterEach, describe, expect, it } from "vitest";
import { GuestExit } from "../../engine/index.ts";
import type { WasiOptions } from "../index.ts";
import { CREAT, Guest, makeTree, removeTrees, WRITE } from "./testing/guest.ts";

afterEach(removeTrees);

interface Variant {
  options?: Partial<WasiOptions>;
  tree?: Record<string, string | null>;
  output?: string;
  path?: string;
  /** Called after the first half; what it returns goes on. */
  between?: (guest: Guest, options: Partial<WasiOptions>) => Guest;
  exit?: number;
}

const base = { args: ["prog", "arg"], env: { A: "1" }, stdin: new TextEncoder().encode("input"), deterministic: {} };

/** A run that makes every kind of call. */
function run({ options, tree = {}, output = "out", path = "new", between, exit = 3 }: Variant = {}): string {
  const root = makeTree({ f: "content", "d/x": "1", "d/y": "2", l: ">f", ...tree });
  const all = { ...base, dirs: [{ host: root, guest: "/" }], stdout: () => {}, receipt: true, ...options };
  let guest = new Guest(all);
  guest.call("args_get", 32, 64);
  guest.call("environ_get", 32, 64);
  guest.call("random_get", 512, 100);
  guest.call("clock_time_get", 0, 0n, 16);
  guest.read(0, 100);
  guest.read(guest.fd("f"), 100);
  if (between !== undefined) guest = between(guest, all);
  guest.readdir(guest.fd("d", { rights: 0n }));
  guest.stat("f");
  guest.readlink("l");
  guest.write(guest.fd(path, { oflags: CREAT, rights: WRITE }), output);
  guest.write(1, output);
  guest.call("poll_oneoff", 0, 2048, 1, 16);
  guest.call("fd_close", 77);
  try {
    guest.call("proc_exit", exit);
  } catch (error) {
    if (!(error instanceof GuestExit)) throw error;
  }
  const receipt = guest.wasi.receipt!;
  expect(receipt.calls).toBe(17);
  guest.wasi.close();
  return receipt.digest();
}

describe("a receipt", () => {
  it("is the same for two runs", () => {
    const one = run();
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(run()).toBe(one);
    expect(run({ tree: { unseen: "x" } }), "what the guest did not see").toBe(one);
  });

  const differences: [what: string, variant: Variant][] = [
    ["seed", { options: { deterministic: { seed: "1" } } }],
    ["arguments", { options: { args: ["prog", "org"] } }],
    ["arguments cut elsewhere", { options: { args: ["pro", "garg"] } }],
    ["environment", { options: { env: { A: "2" } } }],
    ["input", { options: { stdin: new TextEncoder().encode("inpus") } }],
    ["a file that is read", { tree: { f: "Content" } }],
    ["a name that is listed", { tree: { "d/y": "2", "d/z": "" } }],
    ["a link", { tree: { l: ">g" } }],
    ["output of the same length", { output: "oUt" }],
    ["a path", { path: "old" }],
    ["the exit code", { exit: 4 }],
    ["real time", { options: { deterministic: undefined } }],
    ["the limit on output", { options: { maxOutputBytes: 2 } }],
  ];
  it.each(differences)("is another one for another %s", (_, variant) => {
    expect(run(variant)).not.toBe(run());
  });

  it("is not changed by going on in another host", () => {
    const between = (guest: Guest, options: Partial<WasiOptions>): Guest => {
      const next = new Guest({ ...options, stdin: null });
      next.wasi.state.prepare(guest.wasi.state.save()).commit();
      next.bytes.set(guest.bytes);
      (next as unknown as { alloc: Guest["alloc"] }).alloc = guest.alloc.bind(guest);
      return next;
    };
    expect(run({ between })).toBe(run());
  });

  it("covers what is known at the end only, too", () => {
    const { receipt } = new Guest({ receipt: true }).wasi;
    const ends = [
      [],
      [Uint8Array.of(1)],
      [Uint8Array.of(2)],
      [Uint8Array.of(1), Uint8Array.of()],
      [Uint8Array.of(), Uint8Array.of(1)],
    ];
    expect(new Set(ends.map((end) => receipt!.digest(end))).size).toBe(ends.length);
    expect(receipt!.digest()).toBe(receipt!.digest());
  });

  it("sees the output of a guest that lets the count overwrite its vector", () => {
    const receipts = ["abc", "abd"].map((text) => {
      const guest = new Guest({ receipt: true, deterministic: {}, stdout: () => {} });
      guest.bytes.set(new TextEncoder().encode(text), 256);
      guest.view.setUint32(64, 256, true);
      guest.view.setUint32(68, 3, true);
      guest.call("fd_write", 1, 64, 1, 64);
      return guest.wasi.receipt!.digest();
    });
    expect(receipts[0]).not.toBe(receipts[1]);
  });

  it("does not mind calls that make no sense", () => {
    const guest = new Guest({ receipt: true });
    expect(guest.call("fd_write", 1, -8, 1 << 30, -1)).toBe("INVAL");
    expect(guest.call("path_open", 3, 0, -1, -1, 0, 0n, 0n, 0, -1)).toBe("BADF");
    expect(guest.call("poll_oneoff", -1, -1, -1, -1)).toBe("FAULT");
    expect((guest.wasi.wasiImport.fd_read as (...a: unknown[]) => unknown)(undefined, {}, "x", null)).toBe(28);
    expect(guest.wasi.receipt!.calls).toBe(4);
  });

  it("must be there from the beginning, and be well-formed", () => {
    const bytes = new Guest().wasi.state.save();
    const fits = (state: Uint8Array): unknown => new Guest({ receipt: true }).wasi.state.prepare(state);
    expect(() => fits(bytes)).toThrow(expect.objectContaining({ code: "WT6015" }));
    const kept = new TextDecoder().decode(new Guest({ receipt: true }).wasi.state.save());
    for (const bad of ["", "1:", "1:00", `x:${"0".repeat(80)}`, `1:${"f".repeat(80)}`]) {
      const state = kept.replace(/"receipt":"[^"]*"/, `"receipt":"${bad}"`);
      expect(() => fits(new TextEncoder().encode(state))).toThrow(expect.objectContaining({ code: "WT6015" }));
    }
    expect(() => new Guest().wasi.state.prepare(new TextEncoder().encode(kept)).commit()).not.toThrow();
  });
});
