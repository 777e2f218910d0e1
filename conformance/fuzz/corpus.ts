/** Sound binaries to start mutations from: the generator's, assembled text, AssemblyScript's output. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import wabtInit from "wabt";
import { root } from "../real/project.ts";
import { compileGuest } from "../real/toolchains.ts";
import { generate } from "./generate.ts";
import type { Rng } from "./rng.ts";
import { snippets } from "./snippets.ts";

const wabt = await wabtInit();
const assemble = (text: string): Uint8Array =>
  wabt
    .parseWat("corpus.wat", text, {
      gc: true,
      function_references: true,
      memory64: true,
      tail_call: true,
      threads: true,
    })
    .toBinary({}).buffer;

const folder = join(root, "conformance/guests/wat");
const texts = readdirSync(folder)
  .filter((file) => file.endsWith(".wat"))
  .sort()
  .map((file) => assemble(readFileSync(join(folder, file), "utf8")));
const small = [...texts, ...snippets.map(assemble)];

const guests = ["hello", "exit", "trap"];
const compiled = await Promise.all(
  guests.map((name) =>
    compileGuest("assemblyscript", name).then(
      (file) => [readFileSync(file)],
      () => [],
    ),
  ),
).then((lists) => lists.flat());

export function corpus(rng: Rng): Uint8Array {
  const kind = rng.below(10);
  if (kind < 3) return rng.pick(small);
  // Of 1.0, which one more parser knows.
  if (kind < 5) return generate(rng.below(1 << 30), new Set());
  return kind === 9 && compiled.length > 0 ? rng.pick(compiled) : generate(rng.below(1 << 30));
}
