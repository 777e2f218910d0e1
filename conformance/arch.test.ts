/**
 * The architecture as a test: who may import whom, sizes of files and functions, a comment at the top of every file.
 *
 * Exceptions are listed here, each with its reason, and nowhere else.
 */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { functionLengths, importsOf, loadedBy } from "./source-text.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const rooms = ["engine", "code-cache", "wasi", "cli", "native-accel", "conformance", "bench"] as const;
type Room = (typeof rooms)[number];

const maxFileLines = 800;
const maxFunctionLines = 80;

/** Tables: one row per thing, longer than the budget because there are many things. */
const tables = ["engine/instrs.ts", "engine/error-codes.ts", "wasi/error-codes.ts", "cli/error-codes.ts"];

/** Which rooms a room's files may import from, itself included. */
const mayImport: Record<Room, readonly Room[]> = {
  engine: ["engine"],
  "code-cache": ["code-cache", "engine"],
  // For threads, which are told where their code is kept.
  wasi: ["wasi", "code-cache", "engine"],
  "native-accel": ["native-accel", "engine"],
  cli: ["cli", "code-cache", "wasi", "native-accel", "engine"],
  conformance: rooms,
  bench: rooms,
};

/** Of other rooms, only these files may be imported by the room. */
const doors: Partial<Record<Room, readonly string[]>> = {
  "code-cache": ["engine/index.ts"],
  wasi: ["engine/index.ts"],
  cli: ["engine/index.ts", "engine/error-codes.ts", "wasi/index.ts"],
  "native-accel": ["engine/index.ts", "engine/instrs.ts", "engine/types.ts", "engine/module.ts", "engine/tier.ts"],
};

/** The corner of a room where `node:` modules are allowed; absent: everywhere in it. */
const nodeCorner: Partial<Record<Room, RegExp>> = { engine: /^engine\/gen\//, wasi: /^wasi\/node\// };

/** Inside the engine: a folder and the folders it must not import. "" is the engine's own top level. */
const forbiddenInside: readonly (readonly [from: RegExp, to: RegExp, why: string])[] = [
  [
    /^engine\/(instrs|types|errors|features|limits|numerics|module)\.ts$/,
    /^engine\/[a-z]+\//,
    "the vocabulary knows none of its users",
  ],
  [/^engine\/binary\//, /^engine\/(validate|runtime|interpret|jit)\//, "decoding needs syntax only"],
  [/^engine\/validate\//, /^engine\/(runtime|interpret|jit)\//, "validation needs syntax only"],
  // Constant expressions stay bytes in a module, and their evaluator reads them.
  [/^engine\/runtime\//, /^engine\/(binary\/(?!(reader|types)\.ts)|(validate|interpret|jit)\/)/, "stores know no tier"],
  [/^engine\/interpret\//, /^engine\/jit\//, "tiers do not know each other"],
  [/^engine\/jit\//, /^engine\/interpret\//, "tiers do not know each other"],
  [
    /^engine\/(binary|validate|runtime|interpret|jit)\//,
    /^engine\/(snapshot\/|(drive|scheduler|tiers)\.ts)/,
    "what runs knows nothing of who drives or saves it",
  ],
  [/^engine\/(?!gen\/)/, /^engine\/gen\//, "generators run at build time only"],
  [/^engine\/(?!js-api\/).+\//, /^engine\/(index|engine)\.ts$/, "only users of the engine see all of it"],
  [/^engine\/(?!js-api\/|index\.ts)/, /^engine\/js-api\//, "the JavaScript API is a user of the engine"],
];

interface Source {
  /** With forward slashes, from the root. */
  readonly path: string;
  readonly room: Room;
  readonly text: string;
  readonly isTest: boolean;
}

const sources = rooms.flatMap((room) => sourcesIn(room, room));

function sourcesIn(folder: string, room: Room): Source[] {
  const found: Source[] = [];
  for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
    const path = posix.join(folder, entry.name);
    if (entry.isDirectory()) {
      if (!["guests", "cases", "results", "node_modules", "vendor"].includes(entry.name))
        found.push(...sourcesIn(path, room));
    } else if (entry.name.endsWith(".ts") && !entry.name.endsWith(".d.ts")) {
      found.push({ path, room, text: readFileSync(join(root, path), "utf8"), isTest: entry.name.endsWith(".test.ts") });
    }
  }
  return found;
}

const shipped = sources.filter((source) => !source.isTest);
const isGenerated = (source: Source): boolean => source.path.endsWith(".gen.ts");

/** The file an import leads to, from the root; undefined for packages and `node:`. */
const target = (source: Source, specifier: string): string | undefined =>
  specifier.startsWith(".") ? posix.join(posix.dirname(source.path), specifier) : undefined;

function violations(
  check: (source: Source, specifier: string, to: string | undefined) => string | undefined,
): string[] {
  return shipped.flatMap((source) =>
    importsOf(source.text).flatMap((specifier) => {
      const why = check(source, specifier, target(source, specifier));
      return why === undefined ? [] : [`${source.path} imports ${specifier}: ${why}`];
    }),
  );
}

describe("imports", () => {
  it("finds the sources", () => {
    expect(shipped.length).toBeGreaterThan(30);
    expect(shipped.flatMap((s) => importsOf(s.text)).length).toBeGreaterThan(60);
  });

  it("go from room to room in one direction", () => {
    const wrong = violations((source, _, to) => {
      if (to === undefined) return undefined;
      const room = to.split("/")[0] as Room;
      if (!mayImport[source.room].includes(room))
        return `${source.room} may import ${mayImport[source.room].join(", ")}`;
      const door = doors[source.room];
      return room === "engine" && source.room !== "engine" && door && !door.includes(to)
        ? `only ${door.join(", ")}`
        : undefined;
    });
    expect(wrong).toEqual([]);
  });

  it("inside the engine follow the way of a module", () => {
    const wrong = violations((source, _, to) => {
      const rule = to && forbiddenInside.find(([from, into]) => from.test(source.path) && into.test(to));
      return rule ? rule[2] : undefined;
    });
    expect(wrong).toEqual([]);
  });

  it("of node: modules stay in their corner", () => {
    const wrong = violations((source, specifier) => {
      const corner = nodeCorner[source.room];
      return specifier.startsWith("node:") && corner && !corner.test(source.path) ? `only ${corner} may` : undefined;
    });
    expect(wrong).toEqual([]);
  });

  it("need no package at run time", () => {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as Record<string, unknown>;
    expect(Object.keys((manifest.dependencies ?? {}) as object)).toEqual([]);
    const wrong = violations((source, specifier) => {
      const isLocal = specifier.startsWith(".") || specifier.startsWith("node:");
      return !isLocal && ["engine", "code-cache", "wasi", "cli", "native-accel"].includes(source.room)
        ? "no dependencies"
        : undefined;
    });
    expect(wrong).toEqual([]);
  });

  /** What `start` loads, itself included; a package or `node:` module that it needs is an error. */
  function loadedFrom(start: string): { files: ReadonlySet<string>; wrong: string[] } {
    const byPath = new Map(sources.map((source) => [source.path, source]));
    const files = new Set<string>();
    const visit = (path: string): string[] => {
      const source = byPath.get(path);
      if (source === undefined || files.has(path)) return [];
      files.add(path);
      return loadedBy(source.text).flatMap((specifier) => {
        const to = target(source, specifier);
        return to === undefined ? [`${path} needs ${specifier}`] : visit(to);
      });
    };
    return { wrong: visit(start), files };
  }

  it("of the package's front door can be resolved without Node.js", () => {
    const { wrong, files } = loadedFrom("cli/index.ts");
    expect(wrong).toEqual([]);
    expect(files.size).toBeGreaterThan(20);
  });

  it.each(["memory-fs", "overlay-fs", "tar-fs"])("of %s can be resolved without Node.js", (name) => {
    const { wrong, files } = loadedFrom(`wasi/virtual/${name}.ts`);
    expect(wrong).toEqual([]);
    expect(files.size).toBeGreaterThan(5);
  });

  it("of WASI in browsers can be resolved without Node.js", () => {
    const { wrong, files } = loadedFrom("wasi/web/index.ts");
    expect(wrong).toEqual([]);
    expect([...files].filter((file) => file.startsWith("wasi/node/"))).toEqual([]);
    expect(files.size).toBeGreaterThan(100);
  });

  it("name files, with their extension, that exist", () => {
    const known = new Set(sources.map((source) => source.path));
    expect(
      violations((_, __, to) =>
        to === undefined || known.has(to) || !to.endsWith(".ts") ? undefined : "no such file",
      ),
    ).toEqual([]);
  });

  it("never lead back to where they start", () => {
    const byPath = new Map(shipped.map((source) => [source.path, source]));
    const done = new Set<string>();
    const cycleFrom = (path: string, way: readonly string[]): string | undefined => {
      if (way.includes(path)) return [...way.slice(way.indexOf(path)), path].join(" -> ");
      const source = byPath.get(path);
      if (source === undefined || done.has(path)) return undefined;
      const targets = loadedBy(source.text).flatMap((specifier) => target(source, specifier) ?? []);
      const cycle = targets.map((to) => cycleFrom(to, [...way, path])).find((found) => found !== undefined);
      done.add(path);
      return cycle;
    };
    expect(shipped.flatMap(({ path }) => cycleFrom(path, []) ?? [])).toEqual([]);
  });

  it("from tests stay out of what is shipped", () => {
    expect(violations((_, specifier) => (specifier.endsWith(".test.ts") ? "a test" : undefined))).toEqual([]);
  });
});

describe("files", () => {
  it("open with a comment that says their job", () => {
    const silent = sources.filter((source) => !isGenerated(source) && !/^(#!.*\n)?(\/\*\*|\/\/ )/.test(source.text));
    expect(silent.map((source) => source.path)).toEqual([]);
  });

  it(`have at most ${maxFileLines} lines`, () => {
    const long = sources.filter(
      (s) => !isGenerated(s) && !tables.includes(s.path) && s.text.split("\n").length > maxFileLines,
    );
    expect(long.map((source) => source.path)).toEqual([]);
  });

  it(`have functions of at most ${maxFunctionLines} lines`, () => {
    const long = shipped
      .filter((source) => !isGenerated(source))
      .flatMap((source) => functionLengths(source.text).map((f) => ({ ...f, path: source.path })))
      .filter((f) => f.lines > maxFunctionLines);
    expect(long.map((f) => `${f.path}:${f.line} has ${f.lines} lines`)).toEqual([]);
  });

  it("that hold only re-exports are called index.ts", () => {
    const wrong = shipped.filter(
      (s) => s.path.endsWith("/index.ts") && s.room === "engine" && functionLengths(s.text).length > 0,
    );
    expect(wrong.map((source) => source.path)).toEqual([]);
  });

  it("have other names for what changes outside functions than for what does not (cli/constants.mjs)", () => {
    const bundled = shipped.filter(({ room }) => ["engine", "code-cache", "wasi", "cli"].includes(room));
    const named = (kind: string): (readonly [string, string])[] =>
      bundled.flatMap(({ path, text }) =>
        [...text.matchAll(new RegExp(`^(?:export )?${kind} (\\w+)`, "gm"))].map(
          ([, name]) => [name as string, path] as const,
        ),
      );
    const constants = new Map(named("const"));
    const variables = named("let");
    expect(variables.length).toBeGreaterThan(10);
    expect(variables.filter(([name]) => constants.has(name) || /\d$/.test(name))).toEqual([]);
    // A pattern outside functions is taken for constants.
    expect(bundled.filter(({ text }) => /^(?:export )?let [{[]/m.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it("are where this test looks", () => {
    const strays = readdirSync(root).filter((name) => name.endsWith(".ts") && name !== "vitest.config.ts");
    expect(strays.map((name) => relative(root, join(root, name)))).toEqual([]);
  });
});
