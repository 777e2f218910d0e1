/** The official suite in each of our tiers: every file of the proposals that are on. */
import { existsSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { features } from "../../engine/index.ts";
import { testedTiers } from "../tiers/tiers.ts";
import { wasmtsEngine } from "./engine-wasmts.ts";
import { differences, expectationFor } from "./expected.ts";
import { groupOf, groups } from "./groups.ts";
import { printResult } from "./report.ts";
import type { Session } from "./run.ts";
import { defaultSuite, type FileResult, findScripts, labelOf, runFile, startSession, suiteHelp } from "./suite.ts";

const suite = defaultSuite();
const hasSuite = existsSync(suite);
if (!hasSuite) console.log(suiteHelp(suite));

const supported = groups.filter(({ needs }) => needs.every((feature) => features[feature].state !== "absent"));
const scripts = hasSuite ? findScripts(suite).map((path) => ({ path, file: labelOf(path, suite) })) : [];

const engines = [...testedTiers.map((tier) => wasmtsEngine(tier)), wasmtsEngine("js-split"), wasmtsEngine("js", true)];

describe.skipIf(!hasSuite).each(engines)("official test suite, tier $name", (engine) => {
  let session: Session;
  const files: FileResult[] = [];
  beforeAll(async () => {
    session = await startSession(engine);
  });

  for (const group of supported) {
    const members = scripts.filter(({ file }) => groupOf(file) === group);
    describe.skipIf(members.length === 0)(group.title, () => {
      it.each(members)("$file", async ({ path, file }) => {
        const result = await runFile(session, path, file);
        files.push(result);
        expect(differences([result], expectationFor(engine.name))).toEqual([]);
      });
    });
  }

  it("gives the standard texts of traps and of links that fail", () => {
    const kinds = ["assert_trap", "assert_trap_module", "assert_exhaustion", "assert_unlinkable"];
    const results = files.flatMap((file) => file.results);
    const warnings = results.filter(({ kind, warning }) => warning !== "" && kinds.includes(kind));
    expect(warnings.map(printResult)).toEqual([]);
  });
});
