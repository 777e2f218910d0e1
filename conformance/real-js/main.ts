/** `npm run conformance:real [-- --packages FOLDER] [--engine js] [--runs 3] [--seconds 1] [--write]`: programs of npm with our WebAssembly. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../real/project.ts";
import { type Engine, machine, tables } from "./measure.ts";

const words = process.argv.slice(2);
const option = (name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};
const engine = (option("--engine") ?? "js") as Engine;
const runs = Number(option("--runs") ?? 3);
const seconds = Number(option("--seconds") ?? 1);
const more = option("--packages");
const folders = more === undefined ? [root] : [resolve(more), root];

const { whole, short } = tables({ engine, folders, runs, seconds }, (line) => console.error(line));
console.log(whole);
if (words.includes("--write")) {
  write("docs/js-api.md", whole);
  write("README.md", short);
}
if (/\*\*/.test(whole.replace(/\*\*[\d.]+x\*\*/g, ""))) process.exitCode = 1;

/** Puts `text` where the tables of a document are. */
function write(path: string, text: string): void {
  const file = join(root, path);
  const [begin, end] = ["<!-- programs -->", "<!-- /programs -->"];
  const document = readFileSync(file, "utf8");
  const from = document.indexOf(begin) + begin.length;
  const intro = `Tier \`${engine}\`, ${runs === 1 ? "one run each" : `medians of ${runs} runs`}, ${machine()}:`;
  writeFileSync(file, `${document.slice(0, from)}\n${intro}\n\n${text}\n${document.slice(document.indexOf(end))}`);
}
