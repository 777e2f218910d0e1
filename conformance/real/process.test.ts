/** What programs do with their process: arguments, environment, stdin, time, exit codes, traps, exhaustion. */
import { rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { noise, wordCount } from "./inputs.ts";
import { describeLanguage, describeProgram, fullSizeLanguage } from "./languages.ts";
import { isOurs, type Outcome, runGuest, showsOurStack } from "./run-guest.ts";
import { scratchFolder } from "./tree.ts";

const scratch = scratchFolder("process");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

await describeProgram("hello", (guests) => {
  const args = ["plain", "two words", "", "ünïcödé 😀", "--dir", "-x", "--", "a=b", "*"];
  const env = { LANG: "C", EMPTY: "", "WITH SPACE": "x y", PATH: "/bin=/usr/bin", Ünï: "ö" };

  test("arguments and environment", async () => {
    const { wasm } = await guests.program("hello");
    const outcome = await runGuest({ wasm, args, env });
    const argv = [basename(wasm), ...args].map((arg, i) => `argv[${i}] = ${arg}`);
    const variables = Object.entries(env).map(([name, value]) => `${name}=${value}`);
    const sorted = variables.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const lines = ["hello, world", `args: ${argv.length}`, ...argv, `env: ${sorted.length}`, ...sorted, ""];
    expect(outcome.stdout.toString()).toBe(lines.join("\n"));
    expect(outcome.stderr).toBe("");
    expect(outcome.code).toBe(0);
  });

  test("nothing of our environment is passed on", async () => {
    const { wasm } = await guests.program("hello");
    const outcome = await runGuest({ wasm });
    expect(outcome.stdout.toString()).toBe(`hello, world\nargs: 1\nargv[0] = ${basename(wasm)}\nenv: 0\n`);
  });
});

await describeProgram("wc", (guests) => {
  const megabyte = noise(1_000_000);
  const count = async (stdin: Parameters<typeof runGuest>[0]["stdin"]) => {
    const { wasm, prefix } = await guests.program("wc");
    const outcome = await runGuest({ wasm, args: prefix, stdin: stdin! });
    expect(outcome.stderr).toBe("");
    expect(outcome.code).toBe(0);
    return outcome.stdout.toString();
  };

  test("stdin to the end: 1 MB through a pipe", async () => {
    expect(await count(megabyte)).toBe(wordCount(megabyte));
  });

  test("from a file", async () => {
    const file = join(scratch, `stdin-${guests.language}`);
    writeFileSync(file, megabyte.subarray(0, 70_001));
    expect(await count(`file:${file}`)).toBe(wordCount(megabyte.subarray(0, 70_001)));
  });

  test("empty, one byte, and /dev/null", async () => {
    expect(await count(new Uint8Array())).toBe(wordCount(new Uint8Array()));
    expect(await count(Buffer.from("x"))).toBe(wordCount(Buffer.from("x")));
    expect(await count("null")).toBe(wordCount(new Uint8Array()));
  });

  test.runIf(isOurs || guests.language !== "go")("from a writer that takes its time", async () => {
    const parts = ["one ", "two\n", "thr", "ee", "\n"];
    const stdin = async (pipe: NodeJS.WritableStream) => {
      for (const part of parts) {
        await new Promise((resolve) => setTimeout(resolve, 150));
        pipe.write(part);
      }
    };
    expect(await count(stdin)).toBe(wordCount(Buffer.from(parts.join(""))));
  });
});

await describeProgram("sleep", (guests) => {
  test("sleeps as long as asked, without turning the CPU", async () => {
    const { wasm, prefix } = await guests.program("sleep");
    const before = Date.now();
    const outcome = await runGuest({ wasm, args: [...prefix, "2000"] });
    const match = /^sleeping\nmonotonic (\d+) wall (\d+) now (\d+)\n$/.exec(outcome.stdout.toString());
    const [monotonic, wall, now] = (match ?? []).slice(1).map(Number) as [number, number, number];
    expect(monotonic).toBeGreaterThanOrEqual(2000);
    expect(monotonic).toBeLessThan(8000);
    expect(wall).toBeGreaterThanOrEqual(1990); // the wall clock may be adjusted meanwhile
    expect(Math.abs(now * 1000 - before)).toBeLessThan(20_000);
    expect(outcome.wallMs).toBeGreaterThanOrEqual(2000);
    // Go's runtime takes a while to start in an interpreter; a guest that spins would use 2,000 ms more than that.
    if (guests.language !== "go") expect(outcome.usage?.cpuMs).toBeLessThan(1500);
  });
});

await describeProgram("exit", (guests) => {
  const codes = [
    [[], 7],
    [["0"], 0],
    [["1"], 1],
    [["125"], 125],
  ] as const;
  test.each(guests.language === fullSizeLanguage ? codes : codes.slice(0, 2))(
    "exit %j gives %i",
    async (args, code) => {
      const { wasm, prefix } = await guests.program("exit");
      const outcome = await runGuest({ wasm, args: [...prefix, ...args] });
      expect(outcome.stdout.toString()).toBe(`leaving with ${code}`);
      expect(outcome.stderr).toBe("");
      expect(outcome.code).toBe(code);
    },
  );
});

/** A trap: what was written before it is not lost, exit code 134, the trap's name, no JavaScript of ours in sight. */
function expectTrap(outcome: Outcome, stdout: string, message: RegExp): void {
  expect(outcome.stdout.toString()).toBe(stdout);
  expect(outcome.code).toBe(134);
  if (!isOurs) return;
  expect(outcome.stderr).toMatch(message);
  expect(outcome.stderr).toMatch(/WT\d{4}/);
  expect(showsOurStack(outcome.stderr)).toBe(false);
}

const trapMessages: Readonly<Record<string, RegExp>> = {
  unreachable: /unreachable/,
  div0: /integer divide by zero/,
  overflow: /integer overflow/,
  oob: /out of bounds memory access/,
  indirect: /indirect call type mismatch/,
  "null-indirect": /uninitialized element|undefined element|indirect call type mismatch/,
  trunc: /integer overflow|invalid conversion to integer/,
  abort: /abort: Index out of range[\s\S]*unreachable/,
  panic: /guest panic[\s\S]*unreachable/,
};
const trapKinds: Readonly<Record<string, readonly string[]>> = {
  c: ["unreachable", "div0", "overflow", "oob", "indirect", "null-indirect", "trunc"],
  assemblyscript: ["unreachable", "div0", "overflow", "oob", "abort"],
  rust: ["unreachable", "panic", "oob"],
};

await describeProgram("trap", (guests) => {
  test.each(trapKinds[guests.language] ?? [])("%s", async (kind) => {
    const { wasm } = await guests.program("trap");
    const outcome = await runGuest({ wasm, args: [kind] });
    expectTrap(outcome, `before ${kind}\n`, trapMessages[kind]!);
    if (isOurs) expect(outcome.stderr).toMatch(/guest_trap/); // the backtrace has names
  });
});

await describeProgram(
  "recurse",
  (guests) => {
    test("for ever: stopped by the engine", async () => {
      const { wasm } = await guests.program("recurse");
      const outcome = await runGuest({ wasm });
      expectTrap(outcome, "before\n", /call stack exhausted/);
      if (!isOurs) return;
      expect(outcome.stderr).toMatch(/guest_recurse/);
      expect(outcome.stderr.length).toBeLessThan(10_000); // not a line per frame
      expect(outcome.usage?.maxRssMiB).toBeLessThan(1500);
    });
  },
  ["go"],
);

await describeProgram("grow", (guests) => {
  // node:wasi aborts now and then on the Rust program.
  test.runIf(isOurs || guests.language !== "rust")("until memory.grow fails at the module's own limit", async () => {
    const { wasm } = await guests.program("grow");
    const outcome = await runGuest({ wasm });
    expect(outcome.stderr).toBe("");
    expect(outcome.code).toBe(0);
    const count = Number(/^out of memory after (\d+) MiB\n$/.exec(outcome.stdout.toString())?.[1]);
    expect(count).toBeGreaterThanOrEqual(60);
    expect(count).toBeLessThanOrEqual(64);
  });

  test.runIf(isOurs)("until it fails at --max-memory", async () => {
    const { wasm } = await guests.program("grow");
    const outcome = await runGuest({ wasm, flags: ["--max-memory", "20MiB"] });
    expect(outcome.code).toBe(0);
    const count = Number(/^out of memory after (\d+) MiB\n$/.exec(outcome.stdout.toString())?.[1]);
    expect(count).toBeGreaterThanOrEqual(16);
    expect(count).toBeLessThanOrEqual(20);
  });
});

await describeLanguage("go", (guests) => {
  const tool = async (...args: string[]) => {
    const { wasm, prefix } = await guests.program(args[0]!);
    return runGuest({ wasm, args: [...prefix, ...args.slice(1)] });
  };

  test("a panic is Go's own exit code 2 with Go's own trace", async () => {
    const outcome = await tool("panic");
    expect([outcome.code, outcome.stdout.toString()]).toEqual([2, "before panic\n"]);
    expect(outcome.stderr).toMatch(/^panic: guest panic\n\ngoroutine 1 \[running\]:\nmain\.panics/);
  });

  test("recursion for ever ends at Go's own stack limit", async () => {
    const outcome = await tool("recurse");
    expect([outcome.code, outcome.stdout.toString()]).toEqual([2, "before\n"]);
    expect(outcome.stderr).toMatch(/stack overflow/);
  });

  test("200 goroutines that sleep, lock and send", async () => {
    const outcome = await tool("goroutines", "200");
    expect([outcome.stderr, outcome.stdout.toString(), outcome.code]).toEqual(["", "started 200 sum 20100\n", 0]);
  });
});

const invoked: Readonly<Record<string, RegExp>> = {
  unreachable: /unreachable[\s\S]*inner_unreachable[\s\S]*outer_unreachable/,
  div0: /integer divide by zero/,
  div0_64: /integer divide by zero/,
  overflow: /integer overflow/,
  oob_load: /out of bounds memory access/,
  oob_store: /out of bounds memory access/,
  oob_fill: /out of bounds memory access/,
  oob_init: /out of bounds memory access/,
  dropped_init: /out of bounds memory access/,
  indirect_type: /indirect call type mismatch/,
  indirect_null: /uninitialized element/,
  indirect_oob: /undefined element/,
  table_get: /out of bounds table access/,
  table_copy: /out of bounds table access/,
  trunc_nan: /invalid conversion to integer/,
  trunc_big: /integer overflow/,
  recurse: /call stack exhausted[\s\S]*(ping|pong)/,
};

describe.runIf(isOurs)("--invoke", async () => {
  await describeLanguage("wat", (guests) => {
    test.each(Object.keys(invoked))("trap %s", async (name) => {
      const { wasm } = await guests.program("traps");
      expectTrap(await runGuest({ wasm, flags: ["--invoke", name] }), "", invoked[name]!);
    });

    test.each([
      ["add", ["2147483647", "0x1"], "-2147483648\n"],
      ["mul64", ["-3", "9007199254740993"], "-27021597764222979\n"],
      ["half32", ["0.3"], "0.15\n"],
      ["sqrt", ["2"], "1.4142135623730951\n"],
      ["swap", ["-7", "2.5"], "2.5\n-7\n"],
      ["nothing", [], ""],
    ] as const)("%s%j prints %j", async (name, args, stdout) => {
      const { wasm } = await guests.program("values");
      const outcome = await runGuest({ wasm, flags: ["--invoke", name], args });
      expect([outcome.stderr, outcome.stdout.toString(), outcome.code]).toEqual(["", stdout, 0]);
    });
  });
});

describe("stdout", async () => {
  await describeProgram("cat", (guests) => {
    test("a megabyte through a pipe is complete", async () => {
      const { wasm, prefix } = await guests.program("cat");
      const bytes = noise(1_000_000, 9);
      const outcome = await runGuest({ wasm, args: prefix, stdin: bytes });
      expect(outcome.stderr).toBe("");
      expect(outcome.stdout.equals(bytes)).toBe(true);
      expect(outcome.code).toBe(0);
    });
  });
});
