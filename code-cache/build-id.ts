/** Tells builds of the engine apart: what one has made, or found valid, means nothing to another. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Put in by the bundler (`cli/bundle.mjs`); absent in single files. */
declare const WASMTS_BUILD: string | undefined;

let id: string | undefined;

/** @cost once O(code of the engine), unless it is bundled */
export function buildId(): string {
  id ??= typeof WASMTS_BUILD === "string" ? WASMTS_BUILD : idOf(fileURLToPath(new URL("../engine", import.meta.url)));
  return id;
}

/** A digest of the code in `folder`. */
export function idOf(folder: string): string {
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" });
  const hash = createHash("sha256");
  for (const file of files.filter((name) => /(?<!\.test|\.d)\.[jt]s$/.test(name)).sort()) {
    hash.update(`${file}\0`).update(readFileSync(join(folder, file)));
  }
  return hash.digest("hex");
}
