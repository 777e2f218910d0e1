/** Quotas, receipts and deterministic runs from the command line and the package. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { run as runCommand } from "./commands/run.ts";
import { run } from "./index.ts";
import { parseArgs } from "./parse.ts";
import { parseQuotas } from "./quotas.ts";

const examples = join(dirname(fileURLToPath(import.meta.url)), "../examples");
const scratch = mkdtempSync(join(tmpdir(), "wasmts-quotas-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

const command = (...argv: string[]): Promise<number> => {
  const { flags, operands } = parseArgs("run", argv);
  return runCommand(flags, operands);
};

describe("--quota", () => {
  it.each([
    [["file-ops=100/s"], { fileOpsPerSecond: 100 }],
    [["file-ops=100,file-bytes=1MiB/s"], { fileOpsPerSecond: 100, fileBytesPerSecond: 1 << 20 }],
    [["ops=30/m", "bytes=3600/h"], { opsPerSecond: 0.5, bytesPerSecond: 1 }],
    [["net-ops=1.5/s,net-bytes=2kB"], { netOpsPerSecond: 1.5, netBytesPerSecond: 2000 }],
    [["ops=1,burst=500ms", "ops=2"], { opsPerSecond: 2, burstSeconds: 0.5 }],
  ])("%j", (texts, quotas) => expect(parseQuotas("--quota", texts)).toEqual(quotas));

  it.each([
    "",
    "ops",
    "ops=",
    "=1",
    "ops=0",
    "ops=-1",
    "ops=1/d",
    "ops=1KiB",
    "ops=1/s/s",
    "bytes=lots",
    "burst=0",
    "toString=1",
    "ops=1,,",
    "ops=1e9",
    "burst=1d",
  ])("%j is refused", (text) => {
    expect(() => parseQuotas("--quota", [text])).toThrow(expect.objectContaining({ code: "WT6503" }));
  });
});

describe("a run of the package", () => {
  it("is repeatable when it is deterministic", async () => {
    const dice = join(examples, "dice.wasm");
    const options = { deterministic: { seed: "x" }, receipt: true };
    const [one, two] = [await run(dice, options), await run(dice, options)];
    expect(two.stdout).toBe(one.stdout);
    expect(two.receipt).toEqual(one.receipt);
    expect(one.receipt).toMatchObject({ calls: 7, receipt: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect((await run(dice, { ...options, deterministic: {} })).receipt!.receipt).not.toBe(one.receipt!.receipt);
  });

  it("has a receipt of its results and its end, also without WASI", async () => {
    const receipts = new Set<string>();
    for (const invoke of [
      { name: "fib", args: [10] },
      { name: "fib", args: [11] },
      { name: "gcd", args: [0, 0] },
    ]) {
      const { receipt, kind } = await run(join(examples, "fib.wasm"), { invoke, receipt: true });
      expect([kind, receipt!.calls]).toEqual([invoke.name === "gcd" ? "trap" : "exit", 0]);
      receipts.add(receipt!.receipt);
    }
    expect(receipts.size).toBe(3);
    expect(
      (await run(join(examples, "fib.wasm"), { invoke: { name: "nothing" }, receipt: true })).receipt,
    ).toBeUndefined();
    expect((await run(join(examples, "fib.wasm"), { invoke: { name: "fib", args: [1] } })).receipt).toBeUndefined();
  });

  it("is slowed down by quotas", async () => {
    const tour = join(examples, "tour.wasm");
    const start = performance.now();
    const { kind } = await run(tour, { quotas: { opsPerSecond: 20, burstSeconds: 0.05 } });
    expect(kind).toBe("exit");
    expect(performance.now() - start).toBeGreaterThan(90);
  });
});

describe("--receipt", () => {
  it("writes one line, or nothing when nothing ran; a path that cannot be written is told before", async () => {
    const [one, two, none] = ["1", "2", "3"].map((name) => join(scratch, name)) as [string, string, string];
    const fib = join(examples, "fib.wasm");
    const args = ["--quiet", "--report", join(scratch, "report")];
    for (const file of [one, two]) await command(...args, "--receipt", file, "--invoke", "gcd", fib, "0", "0");
    expect(readFileSync(one, "utf8")).toMatch(
      /^\{"version":1,"receipt":"[^"]*","calls":0,"module":"[^"]*","state":"[^"]*"\}\n$/,
    );
    expect(readFileSync(two)).toEqual(readFileSync(one));
    const report = JSON.parse(readFileSync(join(scratch, "report"), "utf8")) as { receipt: string };
    expect(readFileSync(one, "utf8")).toContain(report.receipt);
    await command(...args, "--receipt", none, "--invoke", "nothing", fib);
    expect(readFileSync(none, "utf8").trim()).toBe("");
    await expect(command("--receipt", join(scratch, "no/such"), fib)).rejects.toMatchObject({ code: "WT6570" });
  });
});
