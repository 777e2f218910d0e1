/** `wasmts version [--json]`: name and version on the first line, what it runs on below. */
import { readFileSync } from "node:fs";
import { CliError } from "../cli-error.ts";
import { print } from "../output.ts";
import type { Flags } from "../parse.ts";

export function version(flags: Flags, operands: readonly string[]): number {
  if (operands.length > 0) {
    throw new CliError("WT6507", "version takes no words", {
      where: `it is followed by ${operands[0]}`,
      help: "write: wasmts version",
    });
  }
  const info = {
    name: "wasmts",
    version: packageVersion(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    tiers: ["interp", "js"],
  };
  if (flags.has("json")) print(JSON.stringify(info));
  else print(`${info.name} ${info.version}\nNode.js ${info.node} on ${info.platform}; tiers: ${info.tiers.join(", ")}`);
  return 0;
}

/** From the package's own package.json, some folders above this file. */
function packageVersion(): string {
  for (let at = new URL("./", import.meta.url); at.pathname !== "/"; at = new URL("../", at)) {
    try {
      const found = JSON.parse(readFileSync(new URL("package.json", at), "utf8")) as {
        name?: string;
        version?: string;
      };
      if (found.name === "wasmts") return found.version ?? "unknown";
    } catch {
      // Not in this folder.
    }
  }
  return "unknown";
}
