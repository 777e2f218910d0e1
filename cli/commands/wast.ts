/**
 * `wasmts wast [OPTIONS] [FILE|DIR...]`: spec scripts, by the conformance runner in a process of its own.
 *
 * The runner is not part of the installed package: it needs assemblers of module text, which are large. What follows
 * the command is the runner's, options included.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { CliError } from "../cli-error.ts";

export function wast(args: readonly string[]): number {
  const runner = runnerPath();
  if (runner === undefined) {
    throw new CliError("WT6509", "the runner of spec scripts is not there", {
      where: "it is in a checkout of wasmts, not in the installed package",
      help: "in a checkout: npm ci && npm run build && node dist/bin/wasmts.js wast FILE",
    });
  }
  const { status, signal } = spawnSync(process.execPath, [runner, ...args], { stdio: "inherit" });
  return status ?? (signal === "SIGINT" ? 130 : 1);
}

/** Some folders above this file, whether it is bundled or not. */
function runnerPath(): string | undefined {
  for (let at = new URL("./", import.meta.url); at.pathname !== "/"; at = new URL("../", at)) {
    const path = fileURLToPath(new URL("conformance/spec/main.js", at));
    if (existsSync(path)) return path;
  }
  return undefined;
}
