/**
 * The `ops` command: what the interpreter dispatches while it runs the kernels, and which operations follow each other.
 * For those who choose what to fuse; it says nothing about time.
 *
 * The engine is bundled with a counter in front of its switch (`count.ts`); the engine itself knows nothing of it.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../../conformance/real/project.ts";
import { type Kernel, kernels, scaled } from "../corpus.ts";
import { UsageError } from "../options.ts";
import type { Counts } from "./count.ts";
import { opsReport } from "./report.ts";

/** Enough for every kernel to be in its loop; counts are per unit of `n`. */
const divide = 40;

/** The counter before the switch. The text it replaces is in the generated file exactly once. */
export function instrument(dispatch: string): string {
  const parts = dispatch.split("const w = code[pc];");
  if (parts.length !== 2) throw new Error("the dispatch loop looks different: see engine/gen/dispatch.ts");
  return parts.join("const w = code[pc];\n      globalThis.countOp(code, pc);");
}

export async function ops(args: readonly string[]): Promise<number> {
  const chosen = choose(args);
  const { countKernel } = await bundled();
  const counts = chosen.map((kernel) => countKernel(kernel.name, scaled(kernel, divide)));
  for (const line of opsReport(counts)) console.log(line);
  return 0;
}

function choose(args: readonly string[]): Kernel[] {
  if (args.length === 0) return [...kernels];
  const [flag, names] = args;
  if (flag !== "--kernel" || names === undefined || args.length > 2) throw new UsageError("ops takes --kernel NAMES");
  const wanted = names.split(",");
  const unknown = wanted.find((name) => !kernels.some((kernel) => kernel.name === name));
  if (unknown !== undefined) throw new UsageError(`no kernel "${unknown}"`);
  return kernels.filter(({ name }) => wanted.includes(name));
}

interface Counter {
  countKernel(name: string, n: number): Counts;
}

/** The engine with the counter in it, as a module. */
async function bundled(): Promise<Counter> {
  const { build } = await import("esbuild");
  const folder = mkdtempSync(join(tmpdir(), "wasmts-ops-"));
  try {
    const outfile = join(folder, "count.mjs");
    await build({
      entryPoints: [join(root, "bench", "ops", "count.ts")],
      bundle: true,
      platform: "node",
      format: "esm",
      outfile,
      logLevel: "error",
      define: { "import.meta.url": JSON.stringify(import.meta.url) },
      plugins: [
        {
          name: "instrument",
          setup: ({ onLoad }) =>
            onLoad({ filter: /(dispatch|resident)\.gen\.ts$/ }, ({ path }) => ({
              contents: instrument(readFileSync(path, "utf8")),
              loader: "ts",
            })),
        },
      ],
    });
    return (await import(pathToFileURL(outfile).href)) as Counter;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
