/** Real programs, run twice with --deterministic: the same receipt whatever the disk, the pipe and the day are like. */
import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { logText } from "./inputs.ts";
import { describeProgram } from "./languages.ts";
import { root } from "./project.ts";
import { type GuestRun, isOurs, runCli, runGuest } from "./run-guest.ts";
import { makeTree, scratchFolder } from "./tree.ts";

const scratch = scratchFolder("determinism");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const trees = ["one", "two"].map((name) => join(scratch, name));
for (const tree of trees) makeTree(tree, "small");

/** What a run writes, and its receipt. */
async function receiptOf(run: GuestRun, seed = "7"): Promise<{ output: string; receipt: string; wallMs: number }> {
  const file = join(scratch, "receipt");
  rmSync(file, { force: true });
  const flags = [`--deterministic=${seed}`, "--receipt", file, ...(run.flags ?? [])];
  const { stdout, code, wallMs } = await runGuest({ ...run, flags });
  expect(code).toBe(0);
  const { receipt } = JSON.parse(readFileSync(file, "utf8")) as { receipt: string };
  return { output: stdout.toString(), receipt, wallMs };
}

await describeProgram("ls", (guests) => {
  test.runIf(isOurs)("two copies of a tree look alike, whatever their inodes and times", async () => {
    const { wasm, prefix } = await guests.program("ls");
    const run = { wasm, args: [...prefix, "-lR", "/data"] };
    const [one, two] = [
      await receiptOf({ ...run, dirs: [`${trees[0]}:/data`] }),
      await receiptOf({ ...run, dirs: [`${trees[1]}:/data`] }),
    ];
    expect(two).toMatchObject({ output: one.output, receipt: one.receipt });
  });
});

await describeProgram("sort", (guests) => {
  test.runIf(isOurs)("input in pieces by chance is input at once, and other input is told", async () => {
    const { wasm, prefix } = await guests.program("sort");
    const input = Buffer.from(logText(100_000));
    const pieces = async (pipe: NodeJS.WritableStream): Promise<void> => {
      for (let at = 0, size = 1; at < input.length; at += size, size = (size * 7 + 13) % 60_000) {
        pipe.write(input.subarray(at, at + size));
        if (size % 3 === 0) await sleep(2);
      }
    };
    const run = { wasm, args: prefix };
    const whole = await receiptOf({ ...run, stdin: input });
    expect(await receiptOf({ ...run, stdin: pieces })).toMatchObject({
      output: whole.output,
      receipt: whole.receipt,
    });
    const other = Buffer.from(input);
    other[other.length >> 1]! ^= 1;
    expect((await receiptOf({ ...run, stdin: other })).receipt).not.toBe(whole.receipt);
  });
});

test.runIf(isOurs)("the example throws the same dice at the same time, and sleeps a minute in none", async () => {
  const run = { wasm: join(root, "examples/dice.wasm") };
  const [one, two, three] = [await receiptOf(run), await receiptOf(run), await receiptOf(run, "8")];
  expect(two).toMatchObject({ output: one.output, receipt: one.receipt });
  expect(three.output).not.toBe(one.output);
  expect(one.output).toMatch(/^dice:( [1-6]){10}\ntime: 946684800000001000 ns .*\ntime: 946684860000002000 ns /);
  expect(one.wallMs).toBeLessThan(20_000);
});

test.runIf(isOurs)(
  "a run that is saved and resumed in another process ends with the receipt of one that is not",
  async () => {
    const [receipt, saved] = [join(scratch, "resumed"), join(scratch, "snapshot")];
    const run = { wasm: join(root, "examples/dice.wasm") };
    const whole = await receiptOf(run);
    const flags = ["--snapshot", saved, "--snapshot-at", "fuel:3000"];
    const first = await receiptOf({ ...run, flags });
    const second = await runCli(["resume", "--deterministic", "--receipt", receipt, saved]);
    expect(second.code).toBe(0);
    expect(first.output + second.stdout.toString()).toBe(whole.output);
    expect(JSON.parse(readFileSync(receipt, "utf8"))).toMatchObject({ receipt: whole.receipt });
    expect(first.receipt).not.toBe(whole.receipt);
  },
);
