/** Code from a folder does what code made anew does; and whatever is wrong with the folder, nothing worse than that happens. */
import { execFileSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import wabtInit from "wabt";
import {
  Engine,
  type EngineOptions,
  type Instance,
  type InstanceOptions,
  type Val,
  WasmError,
} from "../engine/index.ts";
import { CodeCache } from "./index.ts";

const wabt = await wabtInit();
const binary = (wat: string): Uint8Array =>
  wabt.parseWat("t.wat", wat, { threads: true } as object).toBinary({ write_debug_names: true }).buffer;

/** Larger than what is validated faster than it is looked up. */
const padding = `(data (i32.const 0) "${"x".repeat(20_000)}")`;
const program = binary(`(module ${padding}
  (type $unary (func (param i32) (result i32))) (memory 1) (table 2 funcref) (elem (i32.const 0) $twice $deep)
  (func $twice (type $unary) (i32.mul (local.get 0) (i32.const 2)))
  (func $deep (type $unary) (if (i32.eqz (local.get 0)) (then unreachable))
    (i32.add (call $deep (i32.sub (local.get 0) (i32.const 1))) (i32.const 1)))
  (func (export "sum") (param i32) (result i32) (local i32)
    (loop $l (local.set 1 (i32.add (local.get 1) (call_indirect (type $unary) (local.get 0) (i32.const 0))))
      (br_if $l (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))
    (local.get 1))
  (func (export "load") (param i32) (result i64) (i64.add (i64.load (local.get 0)) (i64.const 1)))
  (func (export "fall") (param i32) (result i32) (call_indirect (type $unary) (local.get 0) (i32.const 1))))`);

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), "wasmts-code-"))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const files = (ending = ""): string[] => readdirSync(folder).filter((name) => name.endsWith(ending));

function started(bytes: Uint8Array, options: EngineOptions, of: InstanceOptions = {}): Instance {
  const engine = new Engine(options);
  return engine.instantiate(engine.compile(bytes), {}, of);
}

/** What calls of all exports come to, with where they fail. */
function story(instance: Instance): unknown[] {
  const call = (name: string, ...args: Val[]): unknown => {
    try {
      return instance.invoke(name, args);
    } catch (error) {
      if (!(error instanceof WasmError)) throw error;
      return [error.code, error.backtrace.map(({ name: of, offset }) => [of, offset])];
    }
  };
  return [call("sum", 5), call("load", 0), call("load", 65_532), call("fall", 3), call("sum", 1)];
}

const settings: Readonly<Record<string, readonly [EngineOptions, InstanceOptions]>> = {
  js: [{ tier: "js" }, {}],
  "js with fuel": [{ tier: "js" }, { limits: { fuel: 100_000 } }],
  "js with BigInt": [{ tier: "js", i64: "bigint", everyBigInt: true }, {}],
  "js in parts": [{ tier: "js", everySplit: true }, {}],
  auto: [{ tier: "auto", hotAfter: 1 }, {}],
};

describe.each(Object.entries(settings))("kept code, %s", (_, [engine, limits]) => {
  const plain = story(started(program, engine, limits));

  it("does what new code does, and fails where it fails", () => {
    expect(JSON.stringify(plain, (_k, v) => (typeof v === "bigint" ? `${v}n` : v))).toContain("deep");
    for (let run = 0; run < 3; run++) {
      const codeStore = new CodeCache(folder);
      const instances = [0, 1, 2].map(() => started(program, { ...engine, codeStore }, limits));
      for (const instance of instances) expect(story(instance)).toEqual(plain);
      const { kept = 0, characters = 0 } = instances[0]!.tierStats ?? {};
      expect([kept > 0, characters > 0]).toEqual(run === 0 ? [false, true] : [true, false]);
      codeStore.flush();
    }
  });

  it("is not written again for nothing", () => {
    const run = (): void => {
      const codeStore = new CodeCache(folder);
      story(started(program, { ...engine, codeStore }, limits));
      codeStore.flush();
    };
    run();
    const before = files().map((name) => statSync(join(folder, name)).ino);
    run();
    expect(files().map((name) => statSync(join(folder, name)).ino)).toEqual(before);
  });

  it("is of no use when damaged", () => {
    const codeStore = new CodeCache(folder);
    story(started(program, { ...engine, codeStore }, limits));
    codeStore.flush();
    const [name = ""] = files(".code");
    const whole = readFileSync(join(folder, name));
    const places = [0, 13, 14, 40, 79, 85, 100, 300, whole.length >> 1, whole.length - 100, whole.length - 1];
    const flipped = places.map((at) => {
      const bytes = Buffer.from(whole);
      bytes[at]! ^= 1;
      return bytes;
    });
    for (const bytes of [...places.map((end) => whole.subarray(0, end)), ...flipped, Buffer.concat([whole, whole])]) {
      writeFileSync(join(folder, name), bytes);
      const instance = started(program, { ...engine, codeStore: new CodeCache(folder) }, limits);
      expect(story(instance)).toEqual(plain);
      expect(instance.tierStats?.kept).toBe(0);
    }
  });
});

describe("what is kept", () => {
  const js = { tier: "js" } as const;
  const keep = (bytes: Uint8Array, options: EngineOptions = js): Instance => {
    const codeStore = new CodeCache(folder);
    const instance = started(bytes, { ...options, codeStore });
    story(instance);
    codeStore.flush();
    return instance;
  };

  it("is of one module and one way to compile it", () => {
    keep(program);
    const other = program.slice();
    // In the data.
    other[other.lastIndexOf(0x78)]! += 1;
    const before = files(".code").length;
    expect(keep(other).tierStats?.kept).toBe(0);
    expect(keep(program, { ...js, optimise: { width: false } }).tierStats?.kept).toBe(0);
    expect(keep(program, { ...js, everySplit: true }).tierStats?.kept).toBe(0);
    expect(files(".code").length).toBe(before + 3);
    expect(keep(program).tierStats?.kept).toBeGreaterThan(0);
  });

  it("grows by what another run needs", () => {
    const run = (...calls: [string, ...Val[]][]): Instance => {
      const codeStore = new CodeCache(folder);
      const instance = started(program, { ...js, codeStore });
      for (const [name, ...args] of calls) instance.invoke(name, args);
      codeStore.flush();
      return instance;
    };
    run(["sum", 5]);
    expect(run(["load", 0]).tierStats).toMatchObject({ kept: 0, functions: 1 });
    expect(run(["load", 0], ["sum", 5]).tierStats).toMatchObject({ kept: 3, characters: 0 });
  });

  it("is of modules that another engine has compiled, too", () => {
    const kept = [0, 1].map(() => {
      const module = new Engine().compile(program);
      const codeStore = new CodeCache(folder);
      const instance = new Engine({ ...js, codeStore }).instantiate(module);
      story(instance);
      codeStore.flush();
      return (instance.tierStats?.kept ?? 0) > 0;
    });
    expect(kept).toEqual([false, true]);
  });

  const built = join(dirname(fileURLToPath(import.meta.url)), "../dist/npm/code-cache.js");

  it.skipIf(!existsSync(built))(
    "is right whatever types the process has seen before (skipped before npm run build)",
    () => {
      const others = [1, 2, 3].map((n) =>
        binary(`(module (func (param${" f64".repeat(n)})) (func (result${" f32".repeat(n)}) unreachable))`),
      );
      writeFileSync(join(folder, "program.wasm"), program);
      for (const [n, bytes] of others.entries()) writeFileSync(join(folder, `${n}.wasm`), bytes);
      const run = (...first: number[]): string => {
        const text = `import { readFileSync } from "node:fs";
        import { Engine } from ${JSON.stringify(pathToFileURL(join(built, "../engine.js")).href)};
        import { CodeCache } from ${JSON.stringify(pathToFileURL(built).href)};
        const codeStore = new CodeCache(${JSON.stringify(folder)});
        const engine = new Engine({ tier: "js", codeStore });
        for (const n of ${JSON.stringify(first)}) engine.instantiate(engine.compile(readFileSync(\`${folder}/\${n}.wasm\`)));
        const instance = engine.instantiate(engine.compile(readFileSync("${folder}/program.wasm")));
        console.log(instance.invoke("sum", [5]), instance.tierStats.kept > 0);`;
        return execFileSync(process.execPath, ["--input-type=module", "-e", text], { encoding: "utf8" }).trim();
      };
      expect(run()).toBe("[ 30 ] false");
      expect(run()).toBe("[ 30 ] true");
      expect(run(0, 1, 2)).toBe("[ 30 ] false");
      expect(run(2, 1)).toBe("[ 30 ] false");
      expect([run(), run(0, 1, 2)]).toEqual(["[ 30 ] true", "[ 30 ] true"]);
    },
  );

  it("of validity holds under the same rules only", () => {
    const atomic = binary(`(module ${padding} (memory 1) (func (export "f") (drop (i32.atomic.load (i32.const 0)))))`);
    const compile = (options: EngineOptions) =>
      new Engine({ ...options, codeStore: new CodeCache(folder) }).compile(atomic);
    const on = { features: { threads: true } };
    for (let i = 0; i < 2; i++) expect([...compile(on).features]).toContain("threads");
    expect(files(".valid")).toHaveLength(1);
    expect(() => compile({ features: { threads: false } })).toThrow(/threads/);
    expect(() => compile({ ...on, moduleLimits: { functions: 0 } })).toThrow(WasmError);
  });

  it("never says that a module is valid which is not", () => {
    const bad = program.slice();
    const at = bad.lastIndexOf(0x6c);
    bad[at] = 0xa2;
    for (let i = 0; i < 2; i++) {
      expect(() => new Engine({ codeStore: new CodeCache(folder) }).compile(bad)).toThrow(WasmError);
    }
    expect(files()).toEqual([]);
  });
});

describe("the folder", () => {
  const make = (path: string, options = {}): CodeCache => new CodeCache(path, options);

  it("is made, for this user alone", () => {
    const path = join(folder, "a", "b");
    expect(make(path).path).toMatch(/a.b$/);
    expect(statSync(path).mode & 0o777).toBe(0o700);
  });

  it("must be a directory", () => {
    const path = join(folder, "file");
    writeFileSync(path, "");
    expect(() => make(path)).toThrow(expect.objectContaining({ code: "WT5301" }));
    expect(() => make(join(path, "below"))).toThrow(expect.objectContaining({ code: "WT5301" }));
    expect(() => make("")).toThrow(expect.objectContaining({ code: "WT5301" }));
    expect(() => make(`${folder}/a\0b`)).toThrow(expect.objectContaining({ code: "WT5301" }));
  });

  it.skipIf(process.getuid === undefined)(
    "must not be for others to write (skipped where users have no numbers)",
    () => {
      for (const mode of [0o777, 0o770, 0o722, 0o702]) {
        chmodSync(folder, mode);
        expect(() => make(folder)).toThrow(expect.objectContaining({ code: "WT5302" }));
      }
      chmodSync(folder, 0o755);
      expect(make(folder).path).toBe(make(`${folder}/../${folder.split("/").at(-1)}/`).path);
    },
  );

  it.skipIf(process.getuid === undefined)(
    "has files that others may write, and links, which are not read (skipped where users have no numbers)",
    () => {
      const codeStore = make(folder);
      story(started(program, { tier: "js", codeStore }));
      codeStore.flush();
      const [name = ""] = files(".code");
      const path = join(folder, name);
      const kept = (): number | undefined => {
        const instance = started(program, { tier: "js", codeStore: make(folder) });
        story(instance);
        return instance.tierStats?.kept;
      };
      expect(kept()).toBeGreaterThan(0);
      chmodSync(path, 0o666);
      expect(kept()).toBe(0);
      chmodSync(path, 0o600);
      renameSync(path, join(folder, "elsewhere"));
      symlinkSync(join(folder, "elsewhere"), path);
      expect(kept()).toBe(0);
      rmSync(path);
      mkdirSync(path);
      expect(kept()).toBe(0);
      rmSync(path, { recursive: true });
      // Who opened it in the usual way would wait for a writer.
      execFileSync("mkfifo", [path]);
      expect(kept()).toBe(0);
    },
  );

  it("keeps to its size: what was not used for longest goes, and nothing of others", () => {
    writeFileSync(join(folder, "mine.txt"), "x".repeat(100_000));
    const variants = [0, 1, 2, 3, 4, 5].map((n) => {
      const bytes = program.slice();
      bytes[bytes.lastIndexOf(0x78)] = 0x30 + n;
      return bytes;
    });
    let size = 0;
    variants.forEach((bytes, n) => {
      const codeStore = make(folder, n === 0 ? {} : { maxBytes: size * 3 });
      story(started(bytes, { tier: "js", codeStore }));
      codeStore.flush();
      if (n === 0) size = files().reduce((sum, name) => sum + statSync(join(folder, name)).size, 0) - 100_000;
      for (const name of files()) {
        // Older than what comes next.
        const { mtimeMs } = statSync(join(folder, name));
        utimesSync(join(folder, name), new Date(mtimeMs - 10_000), new Date(mtimeMs - 10_000));
      }
    });
    const left = (bytes: Uint8Array): boolean => {
      const instance = started(bytes, { tier: "js", codeStore: make(folder) });
      story(instance);
      return (instance.tierStats?.kept ?? 0) > 0;
    };
    expect(variants.map(left)).toEqual([false, false, false, true, true, true]);
    expect(existsSync(join(folder, "mine.txt"))).toBe(true);
  });

  it("that goes away is a problem which is told, and no more", () => {
    const problems: unknown[] = [];
    const codeStore = make(folder, { onProblem: (problem: unknown) => problems.push(problem) });
    const instance = started(program, { tier: "js", codeStore });
    story(instance);
    rmSync(folder, { recursive: true });
    codeStore.flush();
    expect(problems).toEqual([expect.objectContaining({ code: "ENOENT" })]);
    expect(story(instance)).toEqual(story(started(program, { tier: "js" })));
  });
});
