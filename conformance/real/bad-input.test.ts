/**
 * `wasmts run` on what is not a runnable module, or not a sensible command line: a clear message with a code, the
 * documented exit status, bounded time and memory, and never a JavaScript stack of ours.
 *
 * The decoder's own exhaustive tests (every truncation, every bit flip) are in engine/; here it is the whole command.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { noise } from "./inputs.ts";
import { importing, leb, moduleOf, section, text, withBody } from "./module-bytes.ts";
import { isOurs, type Outcome, runCli, showsOurStack } from "./run-guest.ts";
import { compileGuest } from "./toolchains.ts";
import { scratchFolder } from "./tree.ts";

const scratch = scratchFolder("bad-input");
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function expectRefusal(outcome: Outcome, code: number, message: RegExp): void {
  const oneLine = outcome.stderr.replaceAll(/\s+/g, " "); // it is wrapped for a terminal
  expect(oneLine).toMatch(message);
  expect(outcome.code).toBe(code);
  expect(outcome.stdout.toString()).toBe("");
  expect(outcome.stderr).toMatch(/WT\d{4}/);
  expect(showsOurStack(outcome.stderr)).toBe(false);
  // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what must not be there
  expect(outcome.stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  expect(outcome.stderr.length).toBeLessThan(3000);
  expect(outcome.wallMs).toBeLessThan(20_000);
  expect(outcome.usage?.maxRssMiB).toBeLessThan(400);
}

const end = 0x0b;
const blocks = (count: number) =>
  withBody([
    0,
    ...Array<number>(count)
      .fill(0x02)
      .flatMap((op) => [op, 0x40]),
    ...Array<number>(count).fill(end),
    end,
  ]);
const offset = /0x[0-9a-f]+|byte \d+|offset \d+/;

/** Name, bytes, what the message must say, and "offset" where it must say the place. */
type Row = readonly [name: string, bytes: () => Uint8Array, message: RegExp, place: "offset" | "no offset"];

const rows: readonly (Row | readonly [Row[0], Row[1], Row[2]])[] = [
  ["an empty file", () => Buffer.alloc(0), /empty/i],
  ["one byte", () => Buffer.of(0), /./],
  ["random bytes", () => noise(5000, 1), /not a WebAssembly module|magic/i],
  ["random bytes after a good preamble", () => moduleOf([...noise(5000, 2)]), /./, "offset"],
  ["a text file", () => Buffer.from("hello, I am not wasm\n"), /not a WebAssembly module|magic|text/i],
  ["the text format", () => Buffer.from('(module (func (export "_start")))\n'), /text format|WAT/i],
  ["gzip", () => gzipSync(moduleOf()), /gzip/i],
  ["HTML", () => Buffer.from("<!DOCTYPE html>\n<html><body>404</body></html>"), /HTML/],
  [
    "a Git LFS pointer",
    () => Buffer.from("version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n"),
    /LFS/,
  ],
  ["a component", () => Buffer.of(0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0), /component/i],
  ["a version from the future", () => Buffer.of(0, 0x61, 0x73, 0x6d, 2, 0, 0, 0), /version/i],
  ["a section of 100 MB that is not there", () => moduleOf([10, ...leb(100_000_000)]), /./, "offset"],
  ["a section length of ten bytes", () => moduleOf([1, ...Array<number>(10).fill(0xff)]), /./, "offset"],
  ["2^32-1 types", () => moduleOf(section(1, leb(2 ** 32 - 1))), /./, "offset"],
  ["2^32-1 locals", () => withBody([1, ...leb(2 ** 32 - 1), 0x7f, end]), /locals/, "offset"],
  [
    "2^33 locals in two groups",
    () => withBody([2, ...leb(2 ** 32 - 1), 0x7f, ...leb(2 ** 32 - 1), 0x7e, end]),
    /locals/,
    "offset",
  ],
  ["100,000 nested blocks", () => blocks(100_000), /nest/i, "offset"],
  ["a br_table of 2^32-1 targets", () => withBody([0, 0x41, 0, 0x0e, ...leb(2 ** 32 - 1), end]), /./, "offset"],
  ["a body that leaves a value", () => withBody([0, 0x41, 0, end]), /./, "offset"],
  ["an unknown instruction", () => withBody([0, 0xff, end]), /./, "offset"],
  ["a name that is not UTF-8", () => moduleOf(section(0, [2, 0xc3, 0x28])), /UTF-8/i, "offset"],
  ["a memory of 2^32-1 pages", () => moduleOf(section(5, [1, 0, ...leb(2 ** 32 - 1)])), /memory size|pages/i, "offset"],
  ["an unknown WASI call", () => importing("wasi_snapshot_preview1", "fd_raed"), /fd_raed/],
  ["an import from nowhere", () => importing("env", "printf"), /env.*printf/],
  ["no _start", () => moduleOf(section(1, [1, 0x60, 0, 0]), section(3, [1, 0]), section(10, [1, 2, 0, end])), /_start/],
];
const notRunnable = rows.map(([name, bytes, message, place = "no offset"]) => ({ name, bytes, message, place }));

describe.runIf(isOurs)("not a runnable module", () => {
  test.each(notRunnable)("$name", async ({ name, bytes, message, place }) => {
    const file = join(scratch, `${name.replaceAll(/[^a-z0-9]+/gi, "-")}.wasm`);
    writeFileSync(file, bytes());
    const outcome = await runCli(["run", file]);
    expectRefusal(outcome, 126, message);
    if (place === "offset") expect(outcome.stderr).toMatch(offset);
  });

  test("a real program cut off at many places", { timeout: 120_000 }, async () => {
    const whole = readFileSync(await compileGuest("wat", "hello"));
    for (const length of [4, 8, 9, 20, whole.length >> 1, whole.length - 60, whole.length - 100]) {
      const file = join(scratch, `cut-${length}.wasm`);
      writeFileSync(file, whole.subarray(0, length));
      const outcome = await runCli(["run", file]);
      // 8 bytes are a valid module without _start; everything else is malformed.
      expectRefusal(outcome, 126, length === 8 ? /_start/ : /./);
    }
  });

  test("names from the module reach the terminal escaped", async () => {
    const file = join(scratch, "escape.wasm");
    writeFileSync(file, importing("\u001b]0;owned\u0007\u001b[31mred", "\r\n\u202egpj.exe\u0000"));
    const outcome = await runCli(["run", file]);
    expectRefusal(outcome, 126, /red/);
    expect(outcome.stderr).not.toMatch(/\u202e/);
  });

  test("a proposal that is not there yet is named", async () => {
    // suspend; the day stack switching lands this test moves to the next missing proposal.
    const file = join(scratch, "suspend.wasm");
    writeFileSync(file, withBody([0, 0xe2, 0, end]));
    expectRefusal(await runCli(["run", file]), 126, /stack.switching/i);
  });

  test("a data segment outside its memory traps before the first instruction", async () => {
    const memory = section(5, [1, 0, 1]);
    const data = section(11, [1, 0, 0x41, ...[0xff, 0xff, 0x03], end, ...text("way out")]);
    const file = join(scratch, "segment.wasm");
    const start = section(7, [1, ...text("_start"), 0, 0]);
    writeFileSync(
      file,
      moduleOf(section(1, [1, 0x60, 0, 0]), section(3, [1, 0]), memory, start, section(10, [1, 2, 0, end]), data),
    );
    expectRefusal(await runCli(["run", file]), 134, /out of bounds memory access/);
  });
});

describe.runIf(isOurs)("not a sensible command line", () => {
  let hello = "";
  beforeAll(async () => {
    hello = await compileGuest("wat", "hello");
    mkdirSync(join(scratch, "folder"));
    writeFileSync(join(scratch, "a-file"), "");
  });

  test("a directory", async () => {
    expectRefusal(await runCli(["run", join(scratch, "folder")]), 126, /directory/);
  });

  test("a missing file", async () => {
    expectRefusal(await runCli(["run", join(scratch, "missing.wasm")]), 127, /not found|no such file/i);
  });

  test("a reversed mount", async () => {
    const outcome = await runCli(["run", "--dir", `/no-such-guest-path:${join(scratch, "folder")}`, hello]);
    expectRefusal(outcome, 2, /reversed/);
    const swapped = `--dir ${join(scratch, "folder")}:/no-such-guest-path`;
    expect(outcome.stderr.replaceAll(/\s+/g, " ")).toContain(swapped);
  });

  test.each([
    ["a mount of nothing", ["--dir", "./no-such-folder:/data"], /no-such-folder/],
    ["an unknown flag", ["--dri", "."], /--dri[\s\S]*--dir/],
    ["a flag without its value", ["--dir"], /--dir/],
    ["a bad size", ["--max-memory", "lots"], /lots/],
  ] as const)("%s", async (_, flags, message) => {
    const words = flags.length > 1 ? [...flags, hello] : flags;
    expectRefusal(await runCli(["run", ...words]), 2, message);
  });

  test("a file as a mount, and one guest path twice", async () => {
    expectRefusal(await runCli(["run", "--dir", `${join(scratch, "a-file")}:/data`, hello]), 2, /not a directory|file/);
    const twice = ["--dir", `${scratch}:/data`, "--dir", `${join(scratch, "folder")}:/data/`];
    expectRefusal(await runCli(["run", ...twice, hello]), 2, /\/data/);
  });

  test("a good module still runs", async () => {
    const outcome = await runCli(["run", hello]);
    expect([outcome.stderr, outcome.stdout.toString(), outcome.code]).toEqual(["", "hello, world\n", 0]);
  });
});
