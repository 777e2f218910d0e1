/** `node dist/conformance/wasi/main.js [--engine node] FOLDER...`: runs programs of the wasi-testsuite, prints a table. */
import { runSuite, type SuiteEngine } from "./suite.ts";

const words = process.argv.slice(2);
const engine: SuiteEngine = words[0] === "--engine" && words[1] === "node" ? "node" : "wasmts";
const folders = words[0] === "--engine" ? words.slice(2) : words;

let failed = 0;
for (const folder of folders) {
  const tally = { passed: 0, failed: 0, skipped: 0 };
  for await (const { name, outcome, why } of runSuite(folder, engine)) {
    tally[outcome]++;
    if (outcome === "failed") console.log(`  ${name}: ${why}`);
  }
  failed += tally.failed;
  console.log(`${folder}: ${tally.passed} passed, ${tally.failed} failed, ${tally.skipped} skipped`);
}
process.exitCode = failed === 0 && folders.length > 0 ? 0 : 1;
