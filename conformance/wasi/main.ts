/** `node dist/conformance/wasi/main.js [--engine node|wasmtime=PATH|wazero=PATH] FOLDER...`: runs programs of the wasi-testsuite, prints a table. */
import { runSuite, type SuiteEngine } from "./suite.ts";

const words = process.argv.slice(2);
const isNamed = words[0] === "--engine";
const engine = (isNamed ? words[1] : "wasmts") as SuiteEngine;
const folders = isNamed ? words.slice(2) : words;

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
