/**
 * `--code-cache DIR`: compiled code that is kept for later runs, where the guest of this one cannot reach it; else a guest
 * could have code of its own run with the rights of this process.
 *
 * Not for how code is kept: that is the room `code-cache/`.
 */
import { lstatSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { dirname, join, parse } from "node:path";
import { CodeCache } from "../code-cache/index.ts";
import { printable } from "../engine/index.ts";
import { mountRule } from "../wasi/index.ts";
import { CliError } from "./cli-error.ts";
import type { ExecuteOptions } from "./execute.ts";
import { printError } from "./output.ts";
import { badValue } from "./units.ts";
import type { WasiSettings } from "./wasi-host.ts";

export class RunCache {
  readonly #path: string;
  #cache: CodeCache | undefined;
  #isWarned = false;

  constructor(path: string) {
    this.#path = path;
  }

  /** `options`, with the cache; the directory is made if need be. @throws CliError WT6503, WT6526; CodeCacheError */
  addTo(options: ExecuteOptions): ExecuteOptions {
    checkReach(this.#path, options.wasi);
    // V8 takes code only under the flags that it was made under.
    if (options.mayEval !== false && options.tier !== "interp") options.onGenerate?.(Number.POSITIVE_INFINITY);
    this.#cache = new CodeCache(this.#path, { onProblem: (problem) => this.#warn(problem) });
    return { ...options, codeStore: this.#cache };
  }

  /** Writes what is new, for a process that will not exit by itself. */
  flush(): void {
    this.#cache?.flush();
  }

  /** Once: what fails for one file mostly fails for all. */
  #warn(problem: unknown): void {
    if (this.#isWarned) return;
    this.#isWarned = true;
    const why = problem instanceof Error ? problem.message : String(problem);
    printError(`wasmts: warning: no code was kept in ${printable(this.#path, 1000)}: ${printable(why, 1000)}`);
  }
}

/** @throws CliError WT6503, WT6526 */
function checkReach(path: string, { dirs, fsLevel, policy }: WasiSettings): void {
  if (path === "") throw badValue("--code-cache", path, "a directory such as ~/.cache/wasmts");
  const { real, way } = follow(path);
  const around = identities(way);
  for (const { host, guest, readOnly } of dirs) {
    if (readOnly || (policy !== undefined && mountRule(policy, guest)?.access !== "read-write")) continue;
    if (fsLevel === "lexical") throw inReach(path, host, "at the level 'lexical' it may follow links to everywhere");
    // Levels differ in how they find the directory, should there be `..` behind a link.
    for (const mounted of [realpathSync.native(host), realpathSync(host)]) {
      if (identities([mounted]).some((id) => around.includes(id)))
        throw inReach(path, host, `that is ${mounted}, and on the way to ${real}`);
      if (identities([real]).some((id) => identities(allAbove(mounted)).includes(id)))
        throw inReach(path, host, `that is ${mounted}, inside of the cache`);
    }
  }
}

const inReach = (path: string, host: string, why: string): CliError =>
  new CliError("WT6526", `the guest could write to the code cache ${path}`, {
    where: [`--dir ${host} lets it change what is there:`, why],
    help: [
      "choose a directory elsewhere, such as --code-cache ~/.cache/wasmts,",
      `or mount with :ro: --dir ${host}:ro`,
    ],
  });

/** As many as Linux follows; more is an error of whoever opens the path. */
const MAX_LINKS = 40;
const separator = process.platform === "win32" ? /[\\/]/ : "/";

/**
 * Where `path` leads, as the system finds it; and on the way all directories above that, and those in which a name was
 * looked up: who may write to one of them can make it lead elsewhere. What does not exist yet counts as directories.
 */
function follow(path: string): { readonly real: string; readonly way: readonly string[] } {
  const way: string[] = [];
  let links = 0;
  const walk = (path: string, from: string): string => {
    const { root } = parse(path);
    let at = root || from;
    for (const name of path.slice(root.length).split(separator)) {
      const next = join(at, name);
      const isName = name !== "" && name !== "." && name !== "..";
      if (isName) way.push(at);
      const link = isName && links < MAX_LINKS ? linkAt(next) : undefined;
      if (link !== undefined) links++;
      at = link === undefined ? next : walk(link, at);
    }
    return at;
  };
  const real = walk(path, process.cwd());
  return { real, way: [...way, ...allAbove(real)] };
}

/** The text of a link; undefined if there is none, or it cannot be read. */
function linkAt(path: string): string | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ? readlinkSync(path) : undefined;
  } catch {
    return undefined;
  }
}

function allAbove(path: string): string[] {
  const above = dirname(path);
  return above === path ? [path] : [path, ...allAbove(above)];
}

/** What the system knows directories by: two paths may be one, by bind mounts or letters in upper case. */
function identities(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    try {
      const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
      return stats === undefined ? [] : [`${stats.dev}:${stats.ino}`];
    } catch {
      return [];
    }
  });
}
