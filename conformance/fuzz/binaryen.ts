/** Modules from binaryen's translate-to-fuzz: a random file becomes a valid module, in a process of its own. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { Rng } from "./rng.ts";

const features = [
  "sign-ext",
  "mutable-globals",
  "nontrapping-float-to-int",
  "simd",
  "bulk-memory",
  "bulk-memory-opt",
  "reference-types",
  "multivalue",
  "tail-call",
];

/** Undefined when it took too long. Tells NaNs of open bits from others nowhere: `--denan` makes them zeros. */
export function translateToFuzz(seed: number): Uint8Array | undefined {
  const rng = new Rng(seed);
  const folder = mkdtempSync(join(tmpdir(), "wasmts-ttf-"));
  try {
    const input = join(folder, "in.bin");
    const output = join(folder, "out.wasm");
    writeFileSync(
      input,
      Uint8Array.from({ length: 500 + rng.below(8000) }, () => rng.below(256)),
    );
    const tool = join(dirname(createRequire(import.meta.url).resolve("binaryen")), "bin", "wasm-opt");
    const flags = ["-mvp", ...features.map((f) => `--enable-${f}`), ...(rng.oneIn(2) ? ["-O2"] : [])];
    const args = [tool, "-ttf", input, "-o", output, "--denan", ...flags];
    execFileSync(process.execPath, args, { stdio: ["ignore", "ignore", "pipe"], timeout: 60_000 });
    return readFileSync(output);
  } catch (error) {
    // A machine that is busy with other things.
    if ((error as { code?: unknown }).code === "ETIMEDOUT") return undefined;
    throw error;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
