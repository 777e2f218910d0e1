// Runs the generators: bundles the TypeScript generator with esbuild and executes it. `npm run gen`.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { build } from "esbuild";

const dir = await mkdtemp(join(tmpdir(), "wasmts-gen-"));
try {
  const outfile = join(dir, "gen.mjs");
  await build({
    entryPoints: ["engine/gen/write.ts"],
    bundle: true,
    platform: "node",
    format: "esm",
    outfile,
    logLevel: "error",
  });
  await import(pathToFileURL(outfile).href);
} finally {
  await rm(dir, { recursive: true, force: true });
}
