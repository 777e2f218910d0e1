/** The official suite with code that another process has left: it must not make a difference. */
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { defaultSuite, projectRoot } from "./suite.ts";

const command = join(projectRoot(), "dist/conformance/spec/main.js");
const canRun = existsSync(command) && existsSync(defaultSuite());
const folder = mkdtempSync(join(tmpdir(), "wasmts-spec-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** What it prints: a table of what passed. */
function suite(...options: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [command, ...options], { encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

describe.skipIf(!canRun)("the official suite (skipped before npm run build, and without the suite)", () => {
  it.each(["js", "js-metered"])("passes as well with kept code, %s", (tier) => {
    const plain = suite("--tier", tier);
    expect(plain).toMatch(/\| total +\| 6\d{4}\/6\d{4} /);
    expect(suite("--tier", tier, "--code-cache", folder)).toBe(plain);
    const files = readdirSync(folder).sort();
    expect(files.length).toBeGreaterThan(500);
    expect(suite("--tier", tier, "--code-cache", folder)).toBe(plain);
    expect(readdirSync(folder).sort()).toEqual(files);
  });
});
