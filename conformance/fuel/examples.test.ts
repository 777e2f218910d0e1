/** The examples of limits and of imports that return promises do what they say. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { expect, test } from "vitest";
import { root } from "../real/project.ts";

function run(example: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(root, "examples", example)], {
    encoding: "utf8",
  });
  expect([status, stderr]).toEqual([0, ""]);
  return stdout;
}

test("limits", () => {
  expect(run("limits.mjs")).toMatch(
    /^fuel: out of fuel after 1000001 instructions\nrefuelled: out of fuel after 1500002 instructions\ntime: out of time\nsignal: cancelled\nshare: about \d+ % of a processor\nmemory: limit, memory of \d+ bytes exceeds the limit of 1000 bytes\nwhoever comes next: sum\(1000\) = 499500\n$/,
  );
});

test("imports that return promises", () => {
  expect(run("promise-import.mjs")).toMatch(
    /^20 guests napped, \d+ at once: [\w ]+\nWT4014: no alarm clock\nWT4017: call the guest with invokeAsync/,
  );
});
