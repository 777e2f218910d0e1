/** `npm run conformance:real [-- --packages FOLDER] [--engine js] [--runs 3] [--jobs 20] [--write]`: programs of npm with our WebAssembly. */
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
const jobs = Number(option("--jobs") ?? 20);
const more = option("--packages");
const folders = more === undefined ? [root] : [resolve(more), root];

const text = tables({ engine, folders, runs, jobs }, (line) => console.error(line));
console.log(text);
if (words.includes("--write")) {
  const file = join(root, "docs/js-api.md");
  const [begin, end] = ["<!-- programs -->", "<!-- /programs -->"];
  const document = readFileSync(file, "utf8");
  const from = document.indexOf(begin) + begin.length;
  const intro = `Tier \`${engine}\`, ${runs === 1 ? "one run each" : `medians of ${runs} runs`}, ${machine()}:`;
  writeFileSync(file, `${document.slice(0, from)}\n${intro}\n\n${text}\n${document.slice(document.indexOf(end))}`);
}
if (/\*\*/.test(text.replace(/\*\*[\d.]+x\*\*/g, ""))) process.exitCode = 1;
