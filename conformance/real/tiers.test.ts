/**
 * Programs of every language in the tiers that `auto` mixes. All tests of this folder run in one tier with
 * `WASMTS_REAL_TIER=js npx vitest run conformance/real`.
 */
import { expect, test } from "vitest";
import { jsonText } from "./inputs.ts";
import { describeProgram } from "./languages.ts";
import { isOurs, runGuest } from "./run-guest.ts";

if (isOurs) {
  await describeProgram("json", (guests) => {
    const json = jsonText(30_000);

    test.each([["js"], ["interp"]])("in tier %s", async (tier) => {
      const { wasm, prefix } = await guests.program("json");
      const flags = ["--tier", tier, "--stats"];
      const outcome = await runGuest({ wasm, args: prefix, stdin: Buffer.from(json), flags });
      expect(outcome.stdout.toString()).toBe(`${JSON.stringify(JSON.parse(json))}\n`);
      expect(outcome.stderr).toMatch(tier === "js" ? /JavaScript: \d+ functions/ : /JavaScript: none/);
      expect(outcome.code).toBe(0);
    });
  });
}
