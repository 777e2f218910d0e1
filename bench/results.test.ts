/** Results go to files and come back. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { UsageError } from "./options.ts";
import { formatVersion, machine, type Results, readResults, resultsPath, writeResults } from "./results.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-results-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const engine = (id: string) => ({ id, title: id, kind: "ours", version: "1", detail: "" }) as const;
const results: Results = {
  format: formatVersion,
  machine: { ...machine(), node: "v26.1.0" },
  options: { quick: false },
  engines: [engine("js"), engine("interp"), engine("js+fuel")],
  cases: [
    {
      name: "a [1, 2] case",
      group: "integer",
      unit: "call",
      outcomes: { js: { status: "ok", cpu: [1.23456789, 20], wall: [1, 2] } },
    },
  ],
};

describe("results", () => {
  test("are read as they were written, to four digits, lists on one line", () => {
    const path = join(folder, "deep", "r.json");
    writeResults(path, results);
    expect(readResults(path)).toMatchObject({
      machine: { node: "v26.1.0" },
      cases: [{ name: "a [1, 2] case", outcomes: { js: { cpu: [1.235, 20] } } }],
    });
    expect(readFileSync(path, "utf8")).toContain('"cpu": [1.235, 20]');
  });

  test.each([
    ["of another format", '{"format":1}'],
    ["no JSON", "nonsense"],
  ])("%s are refused", (_, text) => {
    const path = join(folder, "bad.json");
    writeFileSync(path, text);
    expect(() => readResults(path)).toThrow(UsageError);
    expect(() => readResults(join(folder, "absent.json"))).toThrow(UsageError);
  });

  test("of whole runs are kept by Node and tiers, others only as the latest", () => {
    expect(resultsPath(results, true)).toMatch(/bench[\\/]results[\\/]node26-js\+interp\.json$/);
    expect(resultsPath(results, false)).toMatch(/\.cache[\\/]bench[\\/]latest\.json$/);
  });
});
