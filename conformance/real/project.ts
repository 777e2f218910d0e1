/** Where the project's folders are, seen alike from the TypeScript sources (vitest) and from `dist` (child processes). */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

function findRoot(from: string): string {
  let dir = from;
  while (!existsSync(join(dir, "package.json"))) {
    const parent = dirname(dir);
    if (parent === dir) throw new Error(`no package.json above ${from}`);
    dir = parent;
  }
  return dir;
}

export const root: string = findRoot(dirname(fileURLToPath(import.meta.url)));
export const guestsDir: string = join(root, "conformance", "guests");
/** Compiled guests; never checked in, safe to delete. */
export const cacheDir: string = join(root, ".cache", "guests");
/** The command as package.json installs it. */
export const cliPath: string = join(root, installedCommand());
export const hostRunnerPath: string = join(root, "dist", "conformance", "real", "host-runner.js");

function installedCommand(): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { bin: { wasmts: string } };
  return manifest.bin.wasmts;
}

/** A file of a development dependency. */
export function npmFile(...path: string[]): string {
  return join(root, "node_modules", ...path);
}
