/** The guest's environment from `--env`, `--env-file` and `--inherit-env`. Nothing is inherited unless asked for. */
import { readFileSync } from "node:fs";
import { CliError } from "./cli-error.ts";
import type { Flags } from "./parse.ts";

/**
 * Later settings win: the inherited environment, then the files in their order, then `--env`.
 *
 * @throws CliError WT6530, WT6531
 */
export function readEnvironment(
  flags: Flags,
  host: Readonly<Record<string, string | undefined>>,
): Record<string, string> {
  const env = new Map<string, string>();
  if (flags.has("inherit-env")) {
    for (const [name, value] of Object.entries(host)) if (value !== undefined && name !== "") env.set(name, value);
  }
  for (const file of flags.all("env-file"))
    for (const [name, value] of parseEnvFile(readEnvFile(file), file)) env.set(name, value);
  for (const text of flags.all("env")) {
    const [name, value] = parseEnv(text, host);
    if (value !== undefined) env.set(name, value);
  }
  return Object.fromEntries(env);
}

/** `NAME=VALUE`, or `NAME` for the host's value (undefined if it has none). @throws CliError WT6530 */
export function parseEnv(
  text: string,
  host: Readonly<Record<string, string | undefined>>,
): [name: string, value: string | undefined] {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  if (name === "" || text.includes("\0")) {
    throw new CliError("WT6530", `bad environment variable: '${text}'`, {
      where: name === "" ? "there is no name before '='" : "it has a NUL character",
      help: "write --env NAME=VALUE, or --env NAME to pass on the host's",
    });
  }
  return [name, equals < 0 ? host[name] : text.slice(equals + 1)];
}

function readEnvFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    throw new CliError("WT6531", `cannot read the environment file ${file}`, {
      where: (error as Error).message,
      help: "check the path; it is looked up from the current directory",
    });
  }
}

/** Lines `NAME=VALUE`; an `export ` before and quotes around the value are taken off. @throws CliError WT6531 */
export function parseEnvFile(text: string, file: string): [name: string, value: string][] {
  const found: [string, string][] = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (const [index, raw] of lines.entries()) {
    const line = raw.trim().replace(/^export\s+/, "");
    if (line === "" || line.startsWith("#")) continue;
    const match = /^([^=\s]+)\s*=\s*(.*)$/.exec(line);
    if (match === null || line.includes("\0")) {
      throw new CliError("WT6531", `bad line in the environment file ${file}`, {
        where: `line ${index + 1}: ${raw.slice(0, 60)}`,
        help: "write NAME=VALUE; '#' starts a comment line",
      });
    }
    const value = match[2]!;
    const quoted = /^"(.*)"$|^'(.*)'$/.exec(value);
    found.push([match[1]!, quoted?.[1] ?? quoted?.[2] ?? value]);
  }
  return found;
}
