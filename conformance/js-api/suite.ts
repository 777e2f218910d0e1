/**
 * The tests of the JavaScript API of the WebAssembly specification (`test/js-api` of its repository), which are not part
 * of this repository, against our implementation in any tier or against the host's.
 */
import { readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { Worker } from "node:worker_threads";
import { root } from "../real/project.ts";
import type { Subtest } from "./harness.ts";
import type { JsApiEngine, JsApiJob } from "./worker.ts";

export interface FileResult {
  /** Below the folder of the suite. */
  readonly file: string;
  readonly subtests: readonly Subtest[];
}

/** A file with a million imports takes its time in the interpreter. */
const TIMEOUT_MS = 600_000;
/** The built one: workers run no TypeScript. */
const worker = join(root, "dist/conformance/js-api/worker.js");

export function testFiles(suite: string): string[] {
  const filesIn = (folder: string): string[] =>
    readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
      const path = join(folder, entry.name);
      return entry.isDirectory() ? filesIn(path) : entry.name.endsWith(".any.js") ? [path] : [];
    });
  return filesIn(suite)
    .map((path) => relative(suite, path))
    .sort();
}

/** Runs the files of the suite in `suite` that are `wanted`, one after the other. */
export async function* runSuite(
  suite: string,
  engine: JsApiEngine,
  wanted: (file: string) => boolean = () => true,
): AsyncGenerator<FileResult> {
  for (const file of testFiles(suite)) {
    if (wanted(file)) yield { file, subtests: await runFile({ suite, file, engine }) };
  }
}

function runFile(job: JsApiJob): Promise<readonly Subtest[]> {
  return new Promise((resolve) => {
    const thread = new Worker(worker, { workerData: job });
    const failed = (failure: string): void => {
      resolve([{ name: "(the file itself)", failure }]);
      void thread.terminate();
    };
    const timer = setTimeout(() => failed(`not over after ${TIMEOUT_MS / 1000} s`), TIMEOUT_MS);
    thread.once("message", (subtests: readonly Subtest[]) => {
      resolve(subtests);
      void thread.terminate();
    });
    thread.once("error", (error) => failed(String(error)));
    thread.once("exit", () => {
      clearTimeout(timer);
      failed("the thread ended early");
    });
  });
}
