/** Writes a finding, minimised, to `conformance/regress/`, where `regress.test.ts` replays it. */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../real/project.ts";
import type { Run } from "./kinds.ts";
import { minimise } from "./minimise.ts";
import { Tally } from "./tally.ts";

/** What `regress.test.ts` checks of a file again. */
export interface Expectation {
  readonly kind: Run["kind"];
  /** Of the calls, and of the stops. */
  readonly seed: number;
  readonly what: string;
  readonly want: string;
  /** What we said when it was found. */
  readonly got: string;
}

/** Path of the module written. */
export function record(run: Run): string {
  const { kind, seed } = run;
  const bytes = minimise(run.bytes, run.check);
  const finding = run.check(bytes, new Tally());
  const folder = join(root, "conformance/regress");
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${kind}-${seed}.wasm`);
  const expectation: Expectation = { kind, seed, what: "", want: "", got: "", ...finding };
  writeFileSync(path, bytes);
  writeFileSync(path.replace(/wasm$/, "json"), `${JSON.stringify(expectation, null, 2)}\n`);
  return `${path} (${bytes.length} of ${run.bytes.length} bytes): want ${finding?.want}, got ${finding?.got}`;
}
