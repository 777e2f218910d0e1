/** `node dist/conformance/js-api/main.js PATH [--engine host,interp,js,auto] [--file PART]`: runs the suite of the JavaScript API. */
import { runSuite } from "./suite.ts";
import type { JsApiEngine } from "./worker.ts";

const words = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words.splice(at, 2)[1];
};
const engines = (option("--engine") ?? "host,interp,js,auto").split(",") as JsApiEngine[];
const part = option("--file") ?? "";
const [root] = words;

if (root === undefined) {
  console.error("usage: npm run js-api -- PATH, the folder test/js-api of WebAssembly/spec");
  process.exitCode = 1;
} else {
  for (const engine of engines) await report(root, engine);
}

async function report(folder: string, engine: JsApiEngine): Promise<void> {
  const tally = { passed: 0, failed: 0 };
  for await (const { file, subtests } of runSuite(folder, engine, (file) => file.includes(part))) {
    for (const { name, failure } of subtests) {
      tally[failure === undefined ? "passed" : "failed"]++;
      if (failure !== undefined && engine !== "host") console.log(`  ${file}: ${name}: ${failure.slice(0, 300)}`);
    }
  }
  console.log(`${engine}: ${tally.passed} of ${tally.passed + tally.failed} passed`);
}
