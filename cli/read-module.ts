/** Reads a module's bytes from a path, bounded, and tells what is wrong with the path when that fails. */
import { closeSync, fstatSync, openSync, readdirSync, readSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { CliError } from "./cli-error.ts";
import { commands } from "./options.ts";
import { closest } from "./suggest.ts";

/** Bytes; the engine's own limit on a module. */
const maxBytes = 2 ** 30;
const pipeChunk = 64 * 1024;

/** @throws CliError WT6510..WT6513 */
export function readModule(file: string): Uint8Array {
  const fd = open(file);
  try {
    const stats = fstatSync(fd);
    if (stats.isDirectory()) throw directory(file);
    if (stats.isCharacterDevice() || stats.isBlockDevice()) throw device(file);
    if (stats.size > maxBytes) throw tooLarge(file);
    return stats.isFile() ? readFully(fd, stats.size, file) : readPipe(fd, file);
  } catch (error) {
    throw error instanceof CliError ? error : unreadable(file, error);
  } finally {
    closeSync(fd);
  }
}

function open(file: string): number {
  try {
    return openSync(file, "r");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === "ENOENT" || code === "ENOTDIR") throw notFound(file);
    if (code === "EISDIR") throw directory(file);
    throw unreadable(file, error);
  }
}

function readFully(fd: number, size: number, file: string): Uint8Array {
  const bytes = new Uint8Array(size);
  let at = 0;
  while (at < size) {
    const count = readSync(fd, bytes, at, size - at, null);
    if (count === 0) break;
    at += count;
  }
  return size === 0 ? readPipe(fd, file) : bytes.subarray(0, at);
}

/** For pipes, devices, and files such as those of /proc that give no size. */
function readPipe(fd: number, file: string): Uint8Array {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    const chunk = new Uint8Array(Math.max(pipeChunk, Math.min(total, 2 ** 24)));
    const count = readSync(fd, chunk, 0, chunk.length, null);
    if (count === 0) break;
    total += count;
    if (total > maxBytes) throw tooLarge(file);
    chunks.push(chunk.subarray(0, count));
  }
  return Buffer.concat(chunks);
}

function notFound(file: string): CliError {
  const near = nearName(basename(file), namesIn(dirname(file)));
  const command = /[./\\]/.test(file) ? undefined : closest(file, Object.keys(commands));
  let help = "check the spelling and the directory";
  if (file === "-") help = "for standard input write /dev/stdin";
  else if (/^https?:/.test(file)) help = "download it first: curl -LO URL";
  else if (command !== undefined) help = `did you mean the command 'wasmts ${command}'?`;
  else if (near !== undefined) help = `did you mean ${file.slice(0, file.length - basename(file).length)}${near}?`;
  return new CliError("WT6510", `file not found: ${file}`, { where: `nothing is at ${resolve(file)}`, help });
}

/** Endings do not count for likeness: almost every module has the same. */
function nearName(name: string, names: readonly string[]): string | undefined {
  const stem = (n: string): string => n.replace(/\.wa?s?m?$/, "");
  const modules = names.filter((n) => n.endsWith(".wasm"));
  return (
    modules.find((n) => stem(n) === stem(name)) ??
    modules.find((n) => stem(n) === closest(stem(name), modules.map(stem)))
  );
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory).slice(0, 1000);
  } catch {
    return [];
  }
}

function directory(file: string): CliError {
  const modules = namesIn(file).filter((name) => name.endsWith(".wasm"));
  const help =
    modules.length === 0
      ? `name a .wasm file; to give the directory to a guest write --dir ${file} before its module`
      : `there is ${modules.slice(0, 3).join(", ")} in it: wasmts ${file.replace(/[\\/]+$/, "")}/${modules[0]}`;
  return new CliError("WT6511", `${file} is a directory`, { where: "a module is one file", help });
}

const device = (file: string): CliError =>
  new CliError("WT6512", `${file} is a device`, {
    where: "a module is a file or comes through a pipe",
    help: "check that the path is the one you meant",
  });

const tooLarge = (file: string): CliError =>
  new CliError("WT6513", `${file} is too large to be a module`, {
    where: "it has more than 1 GiB",
    help: "check that the path is the one you meant",
  });

const unreadable = (file: string, error: unknown): CliError =>
  new CliError("WT6512", `cannot read ${file}`, {
    where: error instanceof Error ? error.message : String(error),
    help: "check its permissions",
  });
