/** `wasmts resume [OPTIONS] SNAPSHOT`: goes on with a guest that `wasmts run --snapshot` saved. */
import { inspectSnapshot } from "../../engine/index.ts";
import type { ExecuteOptions } from "../execute.ts";
import type { Flags } from "../parse.ts";
import type { PolicyWatch } from "../policy-files.ts";
import { readModule } from "../read-module.ts";
import { readSavedRun, readSnapshotPath } from "../saved-run.ts";
import { carryOut, readGuest } from "./run.ts";

export const resume = (flags: Flags, operands: readonly string[]): Promise<number> =>
  carryOut(flags, (watch) => readResume(flags, operands, watch));

/** @throws CliError WT6506, WT6507, WT6572, those of reading files; WasmError WT5201, WT5202 */
function readResume(flags: Flags, operands: readonly string[], watch: PolicyWatch): ExecuteOptions {
  const path = readSnapshotPath(operands);
  const snapshot = readModule(path);
  const saved = readSavedRun(inspectSnapshot(snapshot), path);
  const file = flags.get("module") ?? saved.file;
  const preloads = saved.preloads.map((p) => ({ ...p, bytes: readModule(p.file) }));
  const state = { allowChangedFiles: flags.has("allow-changed-files") };
  return {
    ...readGuest(flags, file, preloads, watch, { args: [], env: {}, state }),
    file,
    preloads,
    bytes: readModule(file),
    resume: snapshot,
  };
}
