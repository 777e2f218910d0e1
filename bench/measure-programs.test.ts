/** Programs as processes: small scripts of Node stand in for engines. */
import { describe, expect, test } from "vitest";
import type { EngineInfo } from "./engines/engine.ts";
import type { Contender } from "./engines/roster.ts";
import { measureProgram } from "./measure-programs.ts";
import { run } from "./process-usage.ts";
import type { Program } from "./programs.ts";

const options = { rounds: 2, divide: 1, timeoutMs: 20_000, budgetMs: 60_000 };
const program: Program = { name: "p", group: "programs", prepare: async () => ({ wasm: "none", args: [] }) };
const contender = (id: string, script: string): Contender => ({
  info: { id, title: id } as EngineInfo,
  nodeFlags: [],
  command: () => ({ file: process.execPath, args: ["-e", script] }),
});

describe("measureProgram", () => {
  test("measures, compares what is printed, and says what failed", async () => {
    const contenders = [
      contender("v8", "console.log(1)"),
      contender("same", "console.log(1)"),
      contender("other", "console.log(2)"),
      contender("broken", "console.error('no such thing'); process.exitCode = 3"),
    ];
    const { outcomes } = await measureProgram(program, contenders, options, "");
    expect(outcomes.v8).toMatchObject({ status: "ok" });
    expect(outcomes.same).toMatchObject({ status: "ok", wall: [expect.any(Number), expect.any(Number)] });
    expect(outcomes.other?.status).toBe("bad");
    expect(outcomes.broken).toEqual({ status: "failed", detail: "exit code 3: no such thing" });
  });

  test("what cannot be translated ahead of time is left out, the rest is measured", async () => {
    const refuse = ({ info }: Contender) => {
      if (info.id === "b") throw new Error("too large");
    };
    const contenders = [contender("v8", ""), contender("b", "")];
    const { outcomes } = await measureProgram(program, contenders, { ...options, rounds: 1 }, "", refuse);
    expect(outcomes.b).toEqual({ status: "unsupported", detail: "too large" });
    expect(outcomes.v8?.status).toBe("ok");
  });
});

describe("run", () => {
  test("gives input, output, status and what it took", async () => {
    const script = "process.stdin.pipe(process.stdout); console.error('to stderr'); process.exitCode = 5";
    const usage = await run(
      { file: process.execPath, args: ["-e", script] },
      { input: Buffer.from("in and out"), timeoutMs: 20_000 },
    );
    expect(usage).toMatchObject({ status: 5, isTimeout: false, stderr: "to stderr\n" });
    expect(usage.stdout.toString()).toBe("in and out");
    expect(usage.wallMs).toBeGreaterThan(0);
    if (process.platform !== "linux") return;
    expect(usage.cpuMs).toBeGreaterThan(0);
    expect(usage.peakMiB).toBeGreaterThan(10);
  });

  test("arguments reach the command as they are", async () => {
    const words = ["a b", "$HOME", "'", '"', "*", ""];
    const usage = await run(
      { file: process.execPath, args: ["-p", "JSON.stringify(process.argv.slice(1))", "--", ...words] },
      { timeoutMs: 20_000 },
    );
    expect(JSON.parse(usage.stdout.toString())).toEqual(words);
  });

  test("ends what computes too long, and what waits too long", async () => {
    const [busy, idle] = await Promise.all(
      ["for (;;);", "setTimeout(() => {}, 60_000)"].map((script) =>
        run({ file: process.execPath, args: ["-e", script] }, { timeoutMs: 1000 }),
      ),
    );
    expect(busy).toMatchObject({ isTimeout: true });
    expect(idle).toMatchObject({ isTimeout: true, status: null });
  });
});
