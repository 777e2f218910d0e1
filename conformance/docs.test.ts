/** Documents tell the truth where a test can see it: links, README's commands, error codes, help. */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { cliCodes } from "../cli/error-codes.ts";
import { problemOf, statusOf } from "../cli/outcome.ts";
import { codeCacheCodes } from "../code-cache/error-codes.ts";
import { errorCodes } from "../engine/error-codes.ts";
import { type ErrorKind, WasmError } from "../engine/errors.ts";
import { instrDef, mnemonics } from "../engine/instrs.ts";
import { wasiErrorCodes } from "../wasi/error-codes.ts";
import { limits } from "../wasi/limits.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const read = (path: string): string => readFileSync(join(root, path), "utf8");
const skipped = new Set(["node_modules", "dist", "guests", "vendor", ".git", ".cache"]);

function filesIn(folder: string, ending: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) return skipped.has(entry.name) ? [] : filesIn(path, ending);
    return entry.name.endsWith(ending) ? [path] : [];
  });
}

/** What the engine calls that of which the command line says that it was a limit. */
const engineKinds: Readonly<Record<string, ErrorKind>> = { limit: "exhausted" };

const documents = filesIn(".", ".md");

describe("documents", () => {
  it("are there", () => {
    const wanted = [
      "README",
      "RATIONALE",
      "SECURITY",
      "CONTRIBUTING",
      "CHANGELOG",
      "docs/architecture",
      "native-accel/README",
    ];
    expect(documents).toEqual(expect.arrayContaining(wanted.map((name) => `${name}.md`)));
    expect(read("LICENSE")).toMatch(/Apache License\s+Version 2\.0/);
  });

  it.each(documents)("%s links to what exists", (document) => {
    const links = [...read(document).matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1]!);
    const broken = links.filter((link) => !/^[a-z]+:/.test(link)).filter((link) => !leadsSomewhere(document, link));
    expect(broken).toEqual([]);
  });

  it("quote paths of the repository that exist", () => {
    const quoted = documents.flatMap((document) =>
      [...read(document).matchAll(/`((?:engine|code-cache|wasi|cli|conformance|bench|docs|examples)\/[\w./-]*)`/g)].map(
        (match) => [document, match[1]!],
      ),
    );
    expect(quoted.length).toBeGreaterThan(10);
    expect(quoted.filter(([, path]) => !existsSync(join(root, path!)))).toEqual([]);
  });
});

function leadsSomewhere(document: string, link: string): boolean {
  const [path, heading] = link.split("#") as [string, string | undefined];
  const file = path === "" ? document : posix.join(posix.dirname(document), path);
  if (!existsSync(join(root, file))) return false;
  return heading === undefined || headings(read(file)).includes(heading);
}

/** Anchors as the usual renderers make them. */
const headings = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map((match) =>
    match[1]!
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );

describe("docs/limits.md", () => {
  it("has every limit of the WASI host, and its value", () => {
    const rows = [...read("docs/limits.md").matchAll(/^\| `(\w+)` \| (\d+) \|/gm)].map((m) => [m[1]!, Number(m[2])]);
    expect(Object.fromEntries(rows)).toEqual(limits);
  });

  it("says which instructions cost nothing", () => {
    const [, list] = /^> (.*)$/m.exec(read("docs/limits.md"))!;
    expect(list!.split(" ").sort()).toEqual(mnemonics.filter((m) => instrDef(m).cost === 0).sort());
  });

  it("says how a run ends at each limit", () => {
    const rows = [...read("docs/limits.md").matchAll(/\| (\w+), (WT\d+) \| (\d+) \|/g)];
    expect(rows.map(([, kind]) => kind)).toEqual(expect.arrayContaining(["fuel", "deadline", "cancelled", "limit"]));
    for (const [, kind, code, status] of rows) {
      const problem = problemOf(new WasmError(engineKinds[kind!] ?? (kind as ErrorKind), code!, ""));
      expect([problem.kind, code, statusOf(problem, "linux")]).toEqual([kind, code, Number(status)]);
      expect(errorCodes).toHaveProperty(code!);
    }
  });
});

describe("README", () => {
  const blocks = [...read("README.md").matchAll(/```sh\n([\s\S]*?)```/g)].map((match) => match[1]!.trim());
  const scripts = (JSON.parse(read("package.json")) as { scripts: Record<string, string> }).scripts;

  it("begins with a command that runs an example that ships", () => {
    const [first] = blocks;
    expect(first).toMatch(/^npm ci && npm run build && node dist\/cli\/main\.js run --dir \.:\/ examples\//);
    const example = /examples\/\S+/.exec(first!)![0];
    expect(existsSync(join(root, example))).toBe(true);
    expect(scripts.build).toBeDefined();
  });

  it("goes on with one that runs the tests, which the CI script calls", () => {
    expect(blocks[1]).toBe("npm ci && npm run ci");
    expect(read(".ci/run")).toContain(blocks[1]);
    for (const [, script] of scripts.ci!.matchAll(/npm run (\S+)/g)) expect(scripts[script!]).toBeDefined();
  });
});

describe("examples", () => {
  it("are what their sources compile to", () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, "examples/build.mjs"), "--check"], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
  });
});

describe("error codes", () => {
  const tables = { engine: errorCodes, "code-cache": codeCacheCodes, wasi: wasiErrorCodes, cli: cliCodes } as const;
  const ranges = { engine: /^WT(?!53)[1-5]/, "code-cache": /^WT53/, wasi: /^WT6[0-4]/, cli: /^WT6[5-9]/ } as const;
  /** Codes of what is designed and not there yet. */
  const planned = new Set(["WT3003", "WT5002", "WT5003", "WT5004"]);
  const tableFiles = Object.keys(tables).map((room) => `${room}/error-codes.ts`);
  const sources = Object.keys(tables)
    .flatMap((room) => filesIn(room, ".ts"))
    .filter((path) => !path.endsWith(".test.ts") && !tableFiles.includes(path))
    .map((path) => read(path));
  const used = new Set(sources.flatMap((text) => [...text.matchAll(/"(WT\d{4})"/g)].map((match) => match[1]!)));

  it.each(Object.keys(tables) as (keyof typeof tables)[])("of %s are in its range", (room) => {
    expect(Object.keys(tables[room]).filter((code) => !ranges[room].test(code))).toEqual([]);
  });

  it("that are used are explained", () => {
    const known = new Set(Object.values(tables).flatMap((table) => Object.keys(table)));
    expect([...used].filter((code) => !known.has(code))).toEqual([]);
  });

  it("that are explained are used", () => {
    const all = Object.values(tables).flatMap((table) => Object.keys(table));
    expect(all.filter((code) => !used.has(code) && !planned.has(code))).toEqual([]);
  });

  it("say something", () => {
    for (const table of Object.values(tables)) {
      for (const [code, row] of Object.entries<{ title: string; explanation: string }>(table)) {
        expect(row.title.length, code).toBeGreaterThan(5);
        expect(row.title, code).not.toMatch(/\.$/);
        expect(row.explanation, code).toMatch(/[.)]$/);
      }
    }
  });
});
