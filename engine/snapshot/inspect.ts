/** What a snapshot says without its modules, for people and for whoever has to find them. */
import { hex } from "../sha256.ts";
import { fromBytes, VERSION } from "./file.ts";
import { headOf } from "./load.ts";

export interface SnapshotInfo {
  readonly version: number;
  /** SHA-256 of the module of each instance, in hexadecimal, in the order of the instances. */
  readonly modules: readonly string[];
  /** Fuel that the guest has spent. */
  readonly instructions: number;
  /** What it had left; Infinity without a limit. */
  readonly fuelLeft: number;
  /** Bytes of each memory, and how many of them are in the file: blocks of zeros are not. */
  readonly memories: readonly { readonly size: number; readonly stored: number }[];
  /** State of the host, by the names of its parts. */
  readonly hosts: readonly { readonly name: string; readonly bytes: Uint8Array }[];
}

/** Reads the head of a snapshot and checks its integrity. @throws WasmError WT5201, WT5202 */
export function inspectSnapshot(bytes: Uint8Array): SnapshotInfo {
  const image = fromBytes(bytes);
  const { modules, spent, left, hosts } = headOf(image);
  return {
    version: VERSION,
    modules: modules.map(hex),
    instructions: spent,
    fuelLeft: left,
    memories: image.memories.map(({ size, runs }) => ({
      size,
      stored: runs.reduce((sum, run) => sum + run.bytes.length, 0),
    })),
    hosts,
  };
}
