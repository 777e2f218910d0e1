/** One file of the suite in a thread of its own: what it says about an implementation. */
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { Script } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { configure, WebAssembly } from "../../engine/js-api/index.ts";
import { Harness, type Subtest } from "./harness.ts";

/** Whose `WebAssembly`: of the process, or ours in a tier. */
export type JsApiEngine = "host" | "interp" | "js" | "auto";

export interface JsApiJob {
  /** Folder of the suite. */
  readonly suite: string;
  /** Below it. */
  readonly file: string;
  readonly engine: JsApiEngine;
}

/** Where the suite is on the servers of its tests. */
const SERVED = "/wasm/jsapi/";

/** Other scripts that `text` wants before it. */
function scriptsOf({ suite, file }: JsApiJob, text: string): string[] {
  return [...text.matchAll(/^\/\/ META: script=(.*)$/gm)].map(([, path = ""]) =>
    path.startsWith(SERVED) ? join(suite, path.slice(SERVED.length)) : join(suite, dirname(file), path),
  );
}

async function run(job: JsApiJob): Promise<readonly Subtest[]> {
  const path = join(job.suite, job.file);
  const text = readFileSync(path, "utf8");
  const globals = globalThis as unknown as Record<string, unknown>;
  if (job.engine !== "host") {
    configure(job.engine === "auto" ? { tier: "auto", hotAfter: 1 } : { tier: job.engine });
    const property = { value: WebAssembly, writable: true, enumerable: false, configurable: true };
    Object.defineProperty(globals, "WebAssembly", property);
  }
  const harness = new Harness();
  harness.install(globals);
  try {
    for (const script of [...scriptsOf(job, text), path]) {
      new Script(readFileSync(script, "utf8"), { filename: script }).runInThisContext();
    }
  } catch (error) {
    return [...harness.results, { name: "(the file itself)", failure: String((error as Error).stack ?? error) }];
  }
  return harness.finish();
}

parentPort?.postMessage(await run(workerData as JsApiJob));
