/** The file programs (cat, cp -r, ls -lR, find, sort, sha256sum) over a preopened tree, in one language of 1,000 files. */
import { createHash } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { describeProgram, fullSizeLanguage, type Guests } from "./languages.ts";
import { isOurs, runGuest, showsOurStack } from "./run-guest.ts";
import {
  byBytes,
  contents,
  entries,
  expectedListing,
  fileCount,
  makeTree,
  scratchFolder,
  type TreeSize,
} from "./tree.ts";

const scratch = scratchFolder("files");

interface Tree {
  readonly root: string;
  /** All regular files as the guest names them, in byte order; and as the host does. */
  readonly names: readonly string[];
  readonly hostNames: readonly string[];
}

const trees = {} as Record<TreeSize, Tree>;

beforeAll(() => {
  for (const size of ["full", "small"] as const) {
    const root = join(scratch, size);
    makeTree(root, size);
    const files = entries(root).filter((entry) => entry.type === "f");
    const names = files.map((entry) => `/data/${entry.path}`);
    trees[size] = { root, names, hostNames: files.map((entry) => join(root, entry.path)) };
  }
});

const treeFor = (guests: Guests): Tree => trees[guests.language === fullSizeLanguage ? "full" : "small"];

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** Runs a file program with the tree at /data and expects success without a word on stderr. */
async function run(
  guests: Guests,
  program: string,
  args: readonly string[],
  dirs = [`${treeFor(guests).root}:/data:ro`],
): Promise<Buffer> {
  const { wasm, prefix } = await guests.program(program);
  const mounts = isOurs ? dirs : dirs.map((dir) => dir.replace(/:ro$/, ""));
  const outcome = await runGuest({ wasm, args: [...prefix, ...args], dirs: mounts });
  expect(outcome.stderr).toBe("");
  expect(outcome.code).toBe(0);
  return outcome.stdout;
}

test("the trees are what they claim to be", () => {
  expect(trees.full.names).toHaveLength(fileCount);
  expect(trees.small.names.length).toBeGreaterThan(100);
});

await describeProgram("cat", (guests) => {
  test("every file", async () => {
    const { names, hostNames } = treeFor(guests);
    const got = await run(guests, "cat", names);
    expect(got.equals(Buffer.concat(hostNames.map((name) => readFileSync(name))))).toBe(true);
  });

  test("a missing file is reported, the others are copied", async () => {
    const { wasm, prefix } = await guests.program("cat");
    const { root, names, hostNames } = treeFor(guests);
    const args = [...prefix, names[0]!, "/data/missing", names[1]!];
    const outcome = await runGuest({ wasm, args, dirs: [`${root}:/data`] });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/cat: .*missing.*[Nn]o such file/);
    expect(outcome.stdout.equals(Buffer.concat(hostNames.slice(0, 2).map((name) => readFileSync(name))))).toBe(true);
  });

  test("a file outside every preopen, above it, and behind a link that leaves it", async () => {
    const { wasm, prefix } = await guests.program("cat");
    const inside = join(scratch, `inside-${guests.language}`);
    mkdirSync(inside);
    writeFileSync(join(scratch, "secret"), "secret");
    symlinkSync("../secret", join(inside, "link"));
    symlinkSync(join(scratch, "secret"), join(inside, "absolute"));
    const args = ["/etc/passwd", "/data/../secret", "/data/link", "/data/absolute"];
    const outcome = await runGuest({ wasm, args: [...prefix, ...args], dirs: [`${inside}:/data`] });
    expect(outcome.stdout.toString()).toBe("");
    expect(outcome.code).toBe(1);
    expect(showsOurStack(outcome.stderr)).toBe(false);
  });
});

await describeProgram("sort", (guests) => {
  test("the lines of every file", async () => {
    const { names, hostNames } = treeFor(guests);
    const text = hostNames.map((name) => readFileSync(name).toString("latin1"));
    const lines = text.flatMap((part) => (part === "" ? [] : part.replace(/\n$/, "").split("\n"))).sort(byLatin1);
    const got = await run(guests, "sort", names);
    expect(got.equals(Buffer.from(lines.map((line) => `${line}\n`).join(""), "latin1"))).toBe(true);
  });
});

/** The order of bytes, for text read as latin1. */
function byLatin1(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

await describeProgram("sha256sum", (guests) => {
  test("every file", async () => {
    const { names, hostNames } = treeFor(guests);
    const lines = hostNames.map(
      (name, i) => `${createHash("sha256").update(readFileSync(name)).digest("hex")}  ${names[i]}\n`,
    );
    expect((await run(guests, "sha256sum", names)).toString()).toBe(lines.join(""));
  });
});

await describeProgram("ls", (guests) => {
  test("-lR of the tree", async () => {
    expect((await run(guests, "ls", ["-lR", "/data"])).toString()).toBe(expectedListing(treeFor(guests).root, "/data"));
  });
});

await describeProgram("find", (guests) => {
  const found = async (...args: string[]) => {
    const lines = (await run(guests, "find", ["/data", ...args])).toString().split("\n");
    expect(lines.pop()).toBe("");
    return lines.sort(byBytes);
  };
  const expected = (filter: (entry: { path: string; type: string }) => boolean) =>
    entries(treeFor(guests).root)
      .filter(filter)
      .map(({ path }) => (path === "" ? "/data" : `/data/${path}`))
      .sort(byBytes);

  test("everything, each path once", async () => {
    expect(await found()).toEqual(expected(() => true));
  });

  test("by type and by name", async () => {
    expect(await found("-type", "d")).toEqual(expected(({ type }) => type === "d"));
    expect(await found("-type", "l")).toEqual(expected(({ type }) => type === "l"));
    expect(await found("-type", "f", "-name", "f?*9*.txt")).toEqual(
      expected(({ path, type }) => type === "f" && /(^|\/)f[^/]+9[^/]*\.txt$/.test(path)),
    );
  });
});

await describeProgram("cp", (guests) => {
  test("-r of the tree, from one preopen into another", async () => {
    const target = join(scratch, `copy-${guests.language}`);
    mkdirSync(target);
    const { root } = treeFor(guests);
    await run(guests, "cp", ["-r", "/data", "/out/copy"], [`${root}:/data:ro`, `${target}:/out`]);
    expect(contents(join(target, "copy"))).toEqual(contents(root));
  });

  test.runIf(isOurs)("into a read-only preopen is refused", async () => {
    const target = join(scratch, `readonly-${guests.language}`);
    mkdirSync(target);
    const { wasm, prefix } = await guests.program("cp");
    const dirs = [`${trees.small.root}:/data`, `${target}:/out:ro`];
    const outcome = await runGuest({ wasm, args: [...prefix, "-r", "/data/a", "/out/copy"], dirs });
    expect(outcome.code).toBe(1);
    expect(outcome.stderr).toMatch(/[Rr]ead-only file system/);
    expect(showsOurStack(outcome.stderr)).toBe(false);
    expect(existsSync(join(target, "copy"))).toBe(false);
  });
});

describe("a preopen that vanishes", async () => {
  await describeProgram(
    "cat",
    (guests) => {
      test("while the guest runs: an error for the guest, not for us", async () => {
        const folder = join(scratch, `vanishing-${guests.language}`);
        mkdirSync(folder);
        writeFileSync(join(folder, "file"), "here\n");
        const { wasm, prefix } = await guests.program("cat");
        const outcome = await runGuest({
          wasm,
          args: [...prefix, "/gone/file", "-", "/gone/file"],
          dirs: [`${folder}:/gone`],
          stdin: async (stdin) => {
            await new Promise((resolve) => setTimeout(resolve, 1500)); // the first /gone/file has been copied by now
            rmSync(folder, { recursive: true });
            stdin.write("between\n");
          },
        });
        expect(outcome.stdout.toString()).toBe("here\nbetween\n");
        expect(outcome.code).toBe(1);
        expect(outcome.stderr).toMatch(/^cat: .*gone\/file.*\n$/);
      });
    },
    ["rust", "go"],
  );
});

describe.runIf(isOurs && process.getuid?.() !== 0)("permissions", async () => {
  await describeProgram(
    "cat",
    (guests) => {
      test("a file the host may not read", async () => {
        const file = join(scratch, `private-${guests.language}`);
        writeFileSync(file, "private");
        chmodSync(file, 0o000);
        const { wasm, prefix } = await guests.program("cat");
        const outcome = await runGuest({
          wasm,
          args: [...prefix, `/data/private-${guests.language}`],
          dirs: [`${scratch}:/data`],
        });
        expect(outcome.code).toBe(1);
        expect(outcome.stderr).toMatch(/[Pp]ermission denied/);
      });
    },
    ["rust", "go"],
  );
});
