/**
 * Writes a file that is there whole or not at all: under another name first, down to the disk, then renamed. Until then,
 * what was there stays. Devices and pipes are written to directly.
 */
import {
  accessSync,
  closeSync,
  constants,
  fsyncSync,
  openSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from "node:fs";
import { basename, dirname, join } from "node:path";
import { CliError } from "./cli-error.ts";

/** Tells before the work what `writeWhole` would tell after it, as far as one can know. @throws CliError WT6705 */
export function checkWritable(path: string): void {
  attempt(path, () => {
    const target = targetOf(path);
    accessSync(target.isFile ? dirname(target.path) : path, constants.W_OK);
  });
}

/** @throws CliError WT6705 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  attempt(path, () => {
    const target = targetOf(path);
    if (target.isFile) replace(target.path, bytes);
    else writeTo(openSync(path, "w"), bytes, false);
  });
}

/** Where the file is to be, links followed: a link stays a link. Not a file: something to write into. */
function targetOf(path: string): { readonly path: string; readonly isFile: boolean } {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return { path, isFile: true };
  if (stats.isDirectory()) throw new Error("it is a directory");
  return { path: realpathSync(path), isFile: stats.isFile() };
}

function replace(path: string, bytes: Uint8Array): void {
  const folder = dirname(path);
  const draft = join(folder, `.${basename(path).slice(0, 100)}.${process.pid}.${Date.now().toString(36)}.tmp`);
  const mode = statSync(path, { throwIfNoEntry: false })?.mode;
  try {
    writeTo(openSync(draft, "wx", mode), bytes, true);
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
  syncFolder(folder);
}

function writeTo(fd: number, bytes: Uint8Array, isFile: boolean): void {
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
    if (isFile) fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Makes the new name last. Not every system can. */
function syncFolder(folder: string): void {
  try {
    const fd = openSync(folder, "r");
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
  } catch {
    // The file itself is on the disk.
  }
}

function attempt(path: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new CliError("WT6705", `cannot write ${path}`, {
      where: (error as Error).message,
      help: "choose a path in a directory that exists and can be written to",
    });
  }
}
