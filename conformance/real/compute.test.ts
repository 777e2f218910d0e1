/** The computing programs: a JSON parser, a regex engine and qsort; in one language on 1 MB and a million numbers. */
import { expect, test } from "vitest";
import { jsonCounts, jsonText, logText, sortedSummary } from "./inputs.ts";
import { describeProgram, fullSizeLanguage, type Guests } from "./languages.ts";
import { runGuest } from "./run-guest.ts";

/** Bytes, or numbers. */
const sizeFor = (guests: Guests): number => (guests.language === fullSizeLanguage ? 1_000_000 : 100_000);

await describeProgram("json", (guests) => {
  const json = jsonText(sizeFor(guests));

  test("parses and prints", async () => {
    const { wasm, prefix } = await guests.program("json");
    const outcome = await runGuest({ wasm, args: prefix, stdin: Buffer.from(json) });
    expect(outcome.stderr).toBe(`${jsonCounts(json)}\n`);
    expect(outcome.stdout.toString()).toBe(`${JSON.stringify(JSON.parse(json))}\n`);
    expect(outcome.code).toBe(0);
  });

  test("says where broken input breaks", async () => {
    const { wasm, prefix } = await guests.program("json");
    const broken = `${json.slice(0, 5000).replace(/[^}]*$/, "")}, {"name": tru }]`;
    const outcome = await runGuest({ wasm, args: prefix, stdin: Buffer.from(broken) });
    expect(outcome.code).toBe(1);
    const at = Number(/^json: error at byte (\d+)/.exec(outcome.stderr)?.[1]);
    expect(at).toBeGreaterThanOrEqual(Buffer.byteLength(broken) - 6);
    expect(at).toBeLessThan(Buffer.byteLength(broken));
  });
});

await describeProgram("regex", (guests) => {
  const patterns = [
    String.raw`^(\d+\.)+\d+ \[2?[0-3]:[0-5]\d\] "(GET|POST) /(api|static)/[a-z0-9_]+(\.(js|css))?" (404|500) \d*7$`,
    String.raw`^$|HEAD //.*5 99\d\d`,
  ];
  const log = logText(sizeFor(guests));

  test.each(patterns)("a log against %s", async (pattern) => {
    const { wasm, prefix } = await guests.program("regex");
    const outcome = await runGuest({ wasm, args: [...prefix, pattern], stdin: Buffer.from(log) });
    const regex = new RegExp(pattern);
    const lines = log.slice(0, -1).split("\n");
    const expected = lines.flatMap((line, i) => (regex.test(line) ? [`${i + 1}:${line}\n`] : []));
    expect(expected.length).toBeGreaterThan(log.length / 100_000);
    expect(outcome.stderr).toBe("");
    expect(outcome.stdout.toString()).toBe(expected.join(""));
    expect(outcome.code).toBe(0);
  });

  test("nothing found is exit code 1", async () => {
    const { wasm, prefix } = await guests.program("regex");
    const outcome = await runGuest({
      wasm,
      args: [...prefix, "nothing+ like this"],
      stdin: Buffer.from(log.slice(0, 1000)),
    });
    expect([outcome.code, outcome.stdout.toString()]).toEqual([1, ""]);
  });
});

await describeProgram("qsort", (guests) => {
  test("many numbers", { timeout: 120_000 }, async () => {
    const count = sizeFor(guests);
    const { wasm, prefix } = await guests.program("qsort");
    const outcome = await runGuest({ wasm, args: [...prefix, String(count), "42"], timeoutMs: 110_000 });
    expect(outcome.stdout.toString()).toBe(sortedSummary(count, 42));
    expect(outcome.code).toBe(0);
  });
});
