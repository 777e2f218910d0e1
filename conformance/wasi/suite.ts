/**
 * The public wasi-testsuite: its programs, run by the built command, `node:wasi` or a native engine, and what became of each.
 *
 * The suite is not part of this repository: take the branch `prod/testsuite-base` of WebAssembly/wasi-testsuite, which has
 * the programs built; the older `prod/testsuite-all` has those of wasi-threads too. Format: doc/specification.md there.
 */
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, relative } from "node:path";
import { cliPath, hostRunnerPath } from "../real/project.ts";

/** The last two are native commands, given with their path. */
export type SuiteEngine = "wasmts" | "node" | `wasmtime=${string}` | `wazero=${string}`;

export interface SuiteResult {
  /** Below the folder that was given, without the ending. */
  readonly name: string;
  readonly outcome: "passed" | "failed" | "skipped";
  /** Why it is not passed. */
  readonly why: string;
}

/** What a test is to do. Both forms of the specification come to this, but for those that talk with the program. */
interface Expected {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly dirs: readonly string[];
  readonly exitCode: number;
  readonly stdout: string | undefined;
}

interface Specification {
  readonly args?: string[];
  readonly env?: Record<string, string>;
  readonly root?: string | null;
  readonly dirs?: string[];
  readonly exit_code?: number;
  readonly stdout?: string;
  readonly operations?: unknown;
}

/** Undefined for tests that send and receive while the program runs. */
function readExpected(wasm: string): Expected | undefined {
  const file = wasm.replace(/wasm$/, "json");
  const given = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Specification) : {};
  if (given.operations !== undefined) return undefined;
  const { args = [], env = {}, root, dirs = [], exit_code: exitCode = 0, stdout } = given;
  return { args, env, dirs: root == null ? dirs : [...dirs, root], exitCode, stdout };
}

function programs(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return programs(path);
    return entry.name.endsWith(".wasm") ? [path] : [];
  });
}

/** How each engine's command is told about directories and variables. */
interface Style {
  readonly dir: (host: string, guest: string) => string[];
  readonly env: (name: string, value: string) => string[];
  readonly command: (options: readonly string[], wasm: string) => string[];
}

const common = {
  dir: (host: string, guest: string) => ["--dir", `${host}:${guest}`],
  env: (name: string, value: string) => ["--env", `${name}=${value}`],
};

function styleOf(engine: SuiteEngine): Style {
  const node = [process.execPath, "--no-warnings"];
  const path = engine.split("=")[1] ?? "";
  if (engine === "wasmts")
    return { ...common, command: (options, wasm) => [...node, cliPath, "-W", "threads", ...options, wasm] };
  if (engine === "node")
    return { ...common, command: (options, wasm) => [...node, hostRunnerPath, ...options, "--", wasm] };
  if (engine.startsWith("wasmtime=")) {
    const dir = (host: string, guest: string): string[] => ["--dir", `${host}::${guest}`];
    return { ...common, dir, command: (options, wasm) => [path, "run", ...options, wasm] };
  }
  return {
    dir: (host, guest) => ["-mount", `${host}:${guest}`],
    env: (name, value) => ["-env", `${name}=${value}`],
    command: (options, wasm) => [path, "run", ...options, wasm],
  };
}

/** Directories are copies, since tests leave things behind. */
function optionsOf(style: Style, wasm: string, { env, dirs }: Expected, copy: string): string[] {
  const isRoot = dirs.length === 1;
  return [
    ...dirs.flatMap((dir) => {
      cpSync(join(dirname(wasm), dir), join(copy, dir), { recursive: true });
      return style.dir(join(copy, dir), isRoot ? "/" : dir);
    }),
    ...Object.entries(env).flatMap(([name, value]) => style.env(name, value)),
  ];
}

async function runProgram(engine: SuiteEngine, wasm: string, expected: Expected): Promise<string | undefined> {
  const copy = mkdtempSync(join(tmpdir(), "wasmts-suite-"));
  const style = styleOf(engine);
  const [file = "", ...words] = style.command(optionsOf(style, wasm, expected, copy), wasm);
  // Programs that wait for input are to be ended while they do: it stays open.
  const child = spawn(file, [...words, ...expected.args], { stdio: "pipe" });
  const timer = setTimeout(() => child.kill("SIGKILL"), 60_000);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
  child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
  const code = await new Promise<number | string | null>((resolve) => {
    child.once("close", (status, signal) => resolve(status ?? signal));
  });
  clearTimeout(timer);
  rmSync(copy, { recursive: true, force: true });
  if (code !== expected.exitCode) return `ended with ${code}, not ${expected.exitCode}: ${lastLine(stderr)}`;
  if (expected.stdout !== undefined && stdout !== expected.stdout) return `wrote ${JSON.stringify(stdout)}`;
  return undefined;
}

const lastLine = (text: string): string =>
  text
    .split("\n")
    .filter((line) => line.trim() !== "" && !/^\s+(help|more|at |note)/.test(line))
    .slice(0, 3)
    .join(" | ")
    .slice(0, 300);

/** Every program below `folder`, one after the other. */
export async function* runSuite(folder: string, engine: SuiteEngine): AsyncGenerator<SuiteResult> {
  for (const wasm of programs(folder).sort()) {
    const name = relative(folder, wasm).replace(/\.wasm$/, "");
    const expected = readExpected(wasm);
    const isComponent = readFileSync(wasm)[6] === 1;
    if (isComponent) yield { name, outcome: "skipped", why: "a component" };
    else if (expected === undefined) yield { name, outcome: "skipped", why: "it talks with its environment" };
    else {
      const why = await runProgram(engine, wasm, expected);
      yield {
        name: name === "" ? basename(wasm) : name,
        outcome: why === undefined ? "passed" : "failed",
        why: why ?? "",
      };
    }
  }
}
