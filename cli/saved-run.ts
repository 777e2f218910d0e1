/**
 * What this command puts into a snapshot beside the guest: where its modules were, so that `wasmts resume FILE` finds
 * them. The engine checks that they are the same by their SHA-256.
 */
import type { HostState, SnapshotInfo } from "../engine/index.ts";
import { CliError } from "./cli-error.ts";

export interface SavedRun {
  /** Path of the module. */
  readonly file: string;
  readonly preloads: readonly { readonly name: string; readonly file: string }[];
}

const NAME = "run";

/** The one operand of the commands that read a snapshot. @throws CliError WT6506, WT6507 */
export function readSnapshotPath(operands: readonly string[]): string {
  const [path, ...rest] = operands;
  if (path === undefined) {
    throw new CliError("WT6506", "no snapshot given", {
      where: "the options are not followed by a file",
      help: "write: wasmts resume [OPTIONS] SNAPSHOT",
    });
  }
  if (rest.length > 0) {
    throw new CliError("WT6507", `too many words: ${rest.join(" ")}`, {
      where: "a snapshot has the guest's arguments in it",
      help: "leave them out",
    });
  }
  return path;
}

/** The part of the host with `run` in it. */
export const savedRunState = (run: SavedRun): HostState => ({
  name: NAME,
  save: () => new TextEncoder().encode(JSON.stringify(run)),
  prepare: () => ({ commit() {}, cancel() {} }),
});

/** Reads it; the snapshot may be anybody's. @throws CliError WT6572 */
export function readSavedRun({ hosts }: SnapshotInfo, file: string): SavedRun {
  const bytes = hosts.find((host) => host.name === NAME)?.bytes;
  const run = bytes === undefined ? undefined : parse(bytes);
  if (run !== undefined) return run;
  throw new CliError("WT6572", `${file} was not written by 'wasmts run --snapshot'`, {
    where: "it does not say which module it is of",
    help: "restore it with Engine.restore, as the program that wrote it would",
  });
}

function parse(bytes: Uint8Array): SavedRun | undefined {
  try {
    const { file, preloads } = JSON.parse(new TextDecoder().decode(bytes)) as SavedRun;
    const isGood = typeof file === "string" && Array.isArray(preloads) && preloads.every(isPreload);
    return isGood ? { file, preloads } : undefined;
  } catch {
    return undefined;
  }
}

const isPreload = (p: unknown): boolean =>
  typeof p === "object" &&
  p !== null &&
  typeof (p as SavedRun["preloads"][0]).name === "string" &&
  typeof (p as SavedRun["preloads"][0]).file === "string";
