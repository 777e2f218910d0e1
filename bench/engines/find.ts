/** Finds engines that are programs: on PATH, or where `--engine NAME=PATH` says. */
import { execFileSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";

export function onPath(name: string, path: string = process.env.PATH ?? ""): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder !== "" && !folder.includes("node_modules"))
    .map((folder) => join(folder, name))
    .find((file) => existsSync(file) && statSync(file).isFile());
}

/** The first version-like word that the program prints for one of `args`; "unknown" if it prints none. */
export function versionOf(file: string, args: readonly string[]): string {
  try {
    const text = execFileSync(file, args, { encoding: "utf8", stdio: ["ignore", "pipe", "pipe"], timeout: 10_000 });
    return /\d+\.\d+[\w.-]*/.exec(text)?.[0] ?? "unknown";
  } catch {
    return "unknown";
  }
}
