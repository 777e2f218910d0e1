/**
 * `npm run conformance:real [-- --packages FOLDER] [--engine js] [--runs 3] [--seconds 1] [--loads] [--write]`: programs of npm
 * with our WebAssembly; with `--loads` how long their modules take to load, and nothing else.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { root } from "../real/project.ts";
import { loadTable } from "./load-table.ts";
import type { Engine } from "./measure.ts";
import { machine, tables } from "./tables.ts";

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
const isWriting = words.includes("--write");

if (words.includes("--loads")) measureLoads();
else measurePrograms();

function measureLoads(): void {
  const text = loadTable(folders, Math.max(runs, 11));
  console.log(text);
  if (isWriting) write("README.md", "loads", text, `Medians of ${Math.max(runs, 11)}`);
}

function measurePrograms(): void {
  const { whole, short } = tables({ engine, folders, runs, seconds }, (line) => console.error(line));
  console.log(whole);
  if (isWriting) {
    const intro = `Tier \`${engine}\`, ${runs === 1 ? "one run each" : `medians of ${runs} runs`}`;
    write("docs/js-api.md", "programs", whole, intro);
    write("README.md", "programs", short, intro);
  }
  if (/\*\*/.test(whole.replace(/\*\*[\d.]+x\*\*/g, ""))) process.exitCode = 1;
}

/** Puts `text` where the tables `name` of a document are. */
function write(path: string, name: string, text: string, intro: string): void {
  const file = join(root, path);
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const document = readFileSync(file, "utf8");
  const from = document.indexOf(begin) + begin.length;
  const to = document.indexOf(end);
  if (to < 0) throw new Error(`${path} has no place for ${name}`);
  writeFileSync(file, `${document.slice(0, from)}\n${intro}, ${machine()}:\n\n${text}\n${document.slice(to)}`);
}
