/**
 * Compiles the examples from AssemblyScript: `node examples/build.mjs`. With --check it only tells whether the .wasm
 * files are what their sources compile to.
 */
import { readFileSync, writeFileSync } from "node:fs";
import asc from "assemblyscript/asc";

const here = (name) => new URL(name, import.meta.url);
const examples = {
  tour: ["--runtime", "stub", "--use", "abort=tour/abort"],
  fib: ["--runtime", "stub", "--debug"],
  primes: ["--runtime", "stub", "--use", "abort="],
  dice: ["--runtime", "stub", "--use", "abort="],
  workers: ["--runtime", "stub", "--use", "abort="],
  counter: ["--runtime", "stub", "--use", "abort="],
  "http-server": ["--runtime", "stub", "--use", "abort="],
};

let stale = 0;
for (const [name, options] of Object.entries(examples)) {
  const wasm = await compile(name, options);
  if (!process.argv.includes("--check")) writeFileSync(here(`${name}.wasm`), wasm);
  else if (!wasm.equals(readFileSync(here(`${name}.wasm`)))) {
    process.stderr.write(`examples/${name}.wasm is not what examples/${name}.ts compiles to: node examples/build.mjs\n`);
    stale++;
  }
}
process.exitCode = stale === 0 ? 0 : 1;

async function compile(name, options) {
  const output = new Map();
  const { error, stderr } = await asc.main([`${name}.ts`, "--outFile", `${name}.wasm`, "-O3", "--noAssert", ...options], {
    readFile: (path) => (path === `${name}.ts` ? readFileSync(here(path), "utf8") : null),
    writeFile: (path, contents) => void output.set(path, contents),
    listFiles: () => [],
  });
  if (error) throw new Error(`${name}.ts does not compile:\n${stderr.toString()}`);
  return Buffer.from(output.get(`${name}.wasm`));
}
