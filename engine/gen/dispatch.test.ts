/** The generated switch is up to date, and small enough for V8 to optimise. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { build } from "esbuild";
import { describe, expect, it } from "vitest";
import { HOT_COUNT, ops } from "../interpret/ops.ts";
import { dispatchText, residentText } from "./dispatch.ts";

/** V8 optimises no function with more bytecode (its flag --max-optimized-bytecode-size). */
const limit = 60 * 1024;

describe.each([
  ["dispatch.gen.ts", "run", "run", dispatchText],
  ["resident.gen.ts", "runResident", "dispatch", residentText],
])("%s", (name, exported, func, generate) => {
  const file = new URL(`../interpret/${name}`, import.meta.url);
  const text = readFileSync(file, "utf8");

  it("is what `npm run gen` writes", () => {
    expect(text === generate()).toBe(true);
  });

  it("has every hot operation in its switch", () => {
    const [hot = ""] = text.split("default: {");
    expect(HOT_COUNT).toBeLessThan(256);
    expect(hot.match(/^ {8}case /gm)?.length).toBe(HOT_COUNT);
  });

  it("is small enough for V8 to optimise, with some room for other versions", async () => {
    const bytes = await bytecodeLength(file.pathname, exported, func);
    expect(bytes).toBeGreaterThan(20_000);
    expect(bytes).toBeLessThan(limit * 0.96);
  });
});

it("every operation has a number of its own", () => {
  expect(new Set(ops.map((o) => o.num)).size).toBe(ops.length);
  expect(new Set(ops.map((o) => o.name)).size).toBe(ops.length);
});

/** Bytes of V8's bytecode of the function `func`, which `file` exports as `exported`. */
async function bytecodeLength(file: string, exported: string, func: string): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "wasmts-dispatch-"));
  try {
    const outfile = join(folder, "run.mjs");
    // Called with nothing it throws at once; but it is compiled then.
    const contents = `import { ${exported} } from ${JSON.stringify(file)}; try { ${exported}({}); } catch {}`;
    const stdin = { contents, resolveDir: folder };
    await build({ stdin, bundle: true, platform: "node", format: "esm", outfile, logLevel: "error" });
    const args = ["--print-bytecode", `--print-bytecode-filter=${func}`, outfile];
    const printed = execFileSync(process.execPath, args, { encoding: "utf8", maxBuffer: 2 ** 28 });
    return Math.max(...[...printed.matchAll(/^Bytecode length: (\d+)/gm)].map((m) => Number(m[1])));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
