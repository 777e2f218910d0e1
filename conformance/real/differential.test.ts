/**
 * The same guest with the same WASI host in two engines, ours and the host's WebAssembly: everything it leaves behind
 * must be the same. A failure here and not in the other tests is the WASI class under the host's WebAssembly; a failure
 * there and not under `mixed` is the engine.
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
}

const cases: readonly Case[] = [
  { program: "hello", args: ["one", "two words"], env: { A: "1", B: "" } },
  { program: "cat", args: ["/data/missing", "/data", "/data/links/dangling", "-"], stdin: Buffer.from("stdin\n") },
  { program: "ls", args: ["-lR", "/data"] },
  { program: "find", args: ["/data"] },
  { program: "cp", args: ["-r", "/data/many", "/out/copy"] },
  { program: "wc", stdin: noise(100_000) },
  { program: "json", stdin: Buffer.from(jsonText(20_000)) },
  { program: "exit", args: ["66"] },
  { program: "grow" },
];

describe.runIf(isOurs)("our engine and the host's, with our WASI", async () => {
  for (const language of ["assemblyscript", "c"] as const)
    await describeLanguage(language, (guests) => {
      test.each(cases)("$program $args", async ({ program, ...rest }) => {
        const { wasm } = await guests.program(program);
        const run = async (runner: RunnerName) => {
          const out = join(scratch, `${language}-${program}-${runner}`);
          mkdirSync(out);
          const dirs = [`${tree}:/data`, `${out}:/out`];
          const { code, stdout, stderr } = await runGuest({ wasm, dirs, runner, ...rest });
          return { code, stdout: stdout.toString("latin1"), stderr, files: contents(out) };
        };
        expect(await run("wasmts")).toEqual(await run("mixed"));
      });
    });
});
