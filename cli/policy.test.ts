/** `--policy`, `--audit`, `--learn` of the built command, on a program that lists directories and reads a file. */
import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { AuditEvent, PolicyDocument } from "../wasi/index.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(root, "dist/bin/wasmts.js");
const tour = join(root, "examples/tour.wasm");
const folder = mkdtempSync(join(tmpdir(), "wasmts-policy-"));

beforeAll(() => {
  if (!existsSync(main)) throw new Error("dist/bin/wasmts.js is not there: first: npm run build");
  mkdirSync(join(folder, "data"));
  writeFileSync(join(folder, "data/README.md"), "one\ntwo\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const wasmts = (...args: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, [main, ...args], {
    encoding: "utf8",
    cwd: folder,
    env: { ...process.env, NO_COLOR: "1" },
  });
const given = ["--dir", "data:/", "--tmpfs", "/tmp", "--env", "A=1"];
const read = (file: string): string => readFileSync(join(folder, file), "utf8");

describe("a policy", () => {
  it("that was learnt is enough, and small", () => {
    const first = wasmts("--learn", "learnt.json", ...given, tour, "x");
    expect([first.status, first.stderr]).toEqual([0, ""]);
    expect(first.stdout).toContain("README.md has");
    const policy = JSON.parse(read("learnt.json")) as PolicyDocument;
    expect(policy.mounts).toEqual([
      { guest: "/", access: "read-only", level: "beneath" },
      { guest: "/tmp", access: "read-only", level: "virtual" },
    ]);
    expect(policy.paths).toContainEqual({ path: "/README.md", allow: ["read"] });
    expect(policy.calls).not.toContain("path_unlink_file");
    // It asks how many variables there are, and not for them.
    expect(policy.env).toEqual([]);
    const again = wasmts("--policy", "learnt.json", "--learn", "again.json", ...given, tour, "x");
    expect([again.status, again.stderr]).toEqual([0, ""]);
    expect(again.stdout).toBe(first.stdout.replace("variables I was given: 1", "variables I was given: 0"));
    expect(read("again.json")).toBe(read("learnt.json"));
  });

  it("denies what is not in it, and the audit says what", () => {
    const policy: PolicyDocument = {
      version: 1,
      calls: ["args_*", "environ_*", "fd_*", "path_open"],
      mounts: [{ guest: "/", access: "read-only" }],
      paths: [{ path: "/", allow: ["read"] }],
    };
    writeFileSync(join(folder, "p.json"), JSON.stringify(policy));
    const { stdout, status } = wasmts("--policy", "p.json", "--audit", "audit.jsonl", "--dir", "data:/", tour);
    expect(status).toBe(0);
    expect(stdout).not.toContain("README.md has");
    const events = read("audit.jsonl")
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as AuditEvent & { time: string });
    expect(events.every(({ time }) => !Number.isNaN(Date.parse(time)))).toBe(true);
    expect(events[0]).toMatchObject({ kind: "mount", guest: "/", access: "read-only", granted: true });
    expect(events).toContainEqual(expect.objectContaining({ kind: "path", op: "read", path: "/", granted: true }));
    expect(events.filter((e) => !e.granted)).toEqual([
      expect.objectContaining({ kind: "path", op: "read", path: "/README.md" }),
    ]);
  });

  it("that asks for more than there is stops the guest before it runs", () => {
    const strict: PolicyDocument = { version: 1, mounts: [{ guest: "/", access: "read-only", level: "beneath" }] };
    writeFileSync(join(folder, "strict.json"), JSON.stringify(strict));
    const weak = wasmts("--policy", "strict.json", "--fs-level", "nofollow", "--dir", "data:/", tour);
    expect([weak.status, weak.stdout]).toEqual([2, ""]);
    expect(weak.stderr).toContain("WT6017");
    expect(weak.stderr).toContain("wants level 'beneath'");
    const more = wasmts("--policy", "strict.json", ...given, tour);
    expect([more.status, more.stdout]).toEqual([2, ""]);
    expect(more.stderr.replace(/\s+/g, " ")).toContain('has no mount "/tmp"');
  });

  it("that cannot be read, or the audit not written, is told", () => {
    writeFileSync(join(folder, "broken.json"), "{");
    writeFileSync(join(folder, "wrong.json"), '{ "version": 1, "path": [] }');
    for (const [args, text] of [
      [["--policy", "none.json"], "WT6532: cannot read the policy none.json"],
      [["--policy", "broken.json"], "WT6532: cannot use the policy broken.json"],
      [["--policy", "wrong.json"], "policy.path must be left out"],
      [["--audit", "none/x"], "WT6533: cannot write none/x"],
      [["--learn", "none/x"], "WT6533: cannot write none/x"],
    ] as const) {
      const result = wasmts(...args, tour);
      expect([result.status, result.stdout]).toEqual([2, ""]);
      expect(result.stderr.replace(/\s+/g, " ")).toContain(text);
    }
  });
});
