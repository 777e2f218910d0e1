/** Replays what the fuzzer found: each module here once showed a difference and must not show one again. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import wabtInit from "wabt";
import { checkOf } from "../fuzz/kinds.ts";
import type { Expectation } from "../fuzz/record.ts";
import { Tally } from "../fuzz/tally.ts";

const wabt = await wabtInit();
const folder = dirname(fileURLToPath(import.meta.url));

function binary(file: string): Uint8Array {
  const path = join(folder, file);
  if (file.endsWith(".wasm")) return Uint8Array.from(readFileSync(path));
  return wabt.parseWat(file, readFileSync(path, "utf8"), { tail_call: true, exceptions: true }).toBinary({}).buffer;
}

describe("findings of the fuzzer", () => {
  const files = readdirSync(folder).filter((file) => /\.(wat|wasm)$/.test(file));
  it.each(files.length === 0 ? ["none yet"] : files)("%s", (file) => {
    if (file === "none yet") return;
    const text = readFileSync(join(folder, file.replace(/\.\w+$/, ".json")), "utf8");
    const { kind, seed } = JSON.parse(text) as Expectation;
    expect(checkOf(kind, seed)(binary(file), new Tally())).toBeUndefined();
  });
});
