/** What can be wrong with a snapshot: the table of codes, and the errors made from it. */
import { type ErrorKind, WasmError } from "../errors.ts";

export const snapshotFaults = {
  damaged: [
    "malformed",
    "WT5201",
    "the snapshot is damaged",
    "take it again, or copy it again from where it was written",
  ],
  version: [
    "unsupported",
    "WT5202",
    "the snapshot is of another version",
    "resume it with the version of wasmts that wrote it",
  ],
  module: [
    "unlinkable",
    "WT5203",
    "the snapshot is of another module",
    "resume it with the very module it was taken of",
  ],
  misfit: [
    "invalid",
    "WT5204",
    "the snapshot does not fit its module",
    "it was changed, or written by a program that is wrong",
  ],
  unsaved: [
    "unsupported",
    "WT5205",
    "the guest has something that a snapshot cannot hold",
    "take it at another time, or without that",
  ],
  running: ["unsupported", "WT5206", "the guest is running", "stop it first: a snapshot is taken between two runs"],
  host: [
    "unlinkable",
    "WT5207",
    "the host is another than the snapshot's",
    "give the guest the same host: the same imports, the same kinds of state",
  ],
} as const satisfies Record<string, readonly [kind: ErrorKind, code: string, text: string, hint: string]>;

export type SnapshotFault = keyof typeof snapshotFaults;

/** Makes the error; the caller throws it. */
export function snapshotError(fault: SnapshotFault, detail: string): WasmError {
  const [kind, code, text, hint] = snapshotFaults[fault];
  return new WasmError(kind, code, `${text}: ${detail}`, { hint });
}
