/**
 * The same guest with the same WASI host in two engines, ours and the host's WebAssembly, and in the latter with node:wasi:
 * everything it leaves behind must be the same. A failure here and not in the other tests is the WASI class under the
 * host's WebAssembly; a failure there and not under `mixed` is the engine.
 */
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { jsonText, noise } from "./inputs.ts";
import { describeLanguage } from "./languages.ts";
import { type GuestRun, isOurs, type RunnerName, runGuest } from "./run-guest.ts";
import { contents, makeTree, scratchFolder } from "./tree.ts";

const scratch = scratchFolder("differential");
const tree = join(scratch, "tree");
beforeAll(() => makeTree(tree, "small"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

interface Case extends Pick<GuestRun, "stdin" | "env"> {
  readonly program: string;
  readonly args?: readonly string[];
  /** node:wasi has other errnos (conformance/wasi/node-wasi.test.ts), or aborts: now and then, when a memory has grown. */
  readonly isApart?: true;
}

const cases: readonly Case[] = [
  { program: "hello", args: ["one", "two words"], env: { A: "1", B: "" } },
  { program: "cat", args: ["/data/missing", "/data/links/dangling", "-"], stdin: Buffer.from("stdin\n") },
  { program: "cat", args: ["/data"], isApart: true },
  { program: "ls", args: ["-lR", "/data"] },
  { program: "find", args: ["/data"] },
  { program: "cp", args: ["-r", "/data/many", "/out/copy"] },
  { program: "wc", stdin: noise(100_000) },
  { program: "json", stdin: Buffer.from(jsonText(20_000)) },
  { program: "exit", args: ["66"] },
  { program: "grow", isApart: true },
];

describe.runIf(isOurs)("our engine and the host's, with our WASI, and node:wasi", async () => {
  for (const language of ["assemblyscript", "c"] as const)
    await describeLanguage(language, (guests) => {
      test.each(cases)("$program $args", async ({ program, isApart, ...rest }) => {
        const { wasm } = await guests.program(program);
        const run = async (runner: RunnerName) => {
          const out = join(scratch, `${language}-${program}-${runner}`);
          mkdirSync(out, { recursive: true });
          const dirs = [`${tree}:/data`, `${out}:/out`];
          const { code, stdout, stderr } = await runGuest({ wasm, dirs, runner, ...rest });
          return { code, stdout: stdout.toString("latin1"), stderr, files: contents(out) };
        };
        const mixed = await run("mixed");
        expect(await run("wasmts")).toEqual(mixed);
        if (!isApart) expect(mixed).toEqual(await run("host"));
      });
    });
});
