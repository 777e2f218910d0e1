/**
 * Policies: a bound on what a guest may have, as a JSON document. docs/policy.schema.json is its schema.
 *
 * A policy gives nothing; it says how much of what the embedder gives reaches the guest. What is not in it is denied. Here
 * is what the document means; `guard.ts` asks it.
 */
import { type CallName, callNames, plainName } from "./calls.ts";
import type { ClockId } from "./context.ts";
import { WasiError } from "./error-codes.ts";
import { type FsLevel, fsLevels } from "./file-system.ts";
import { type NetworkPolicy, parseAddressRule, parseNameRule } from "./network-rules.ts";

/**
 * What can be done with a path: look at its attributes (or the text of a link), read the file or list the directory, write
 * to it, make it, take its name away. Who may do any of the others may look.
 */
export const pathOps = ["stat", "read", "write", "create", "remove"] as const;
export type PathOp = (typeof pathOps)[number];

export interface PathRule {
  /** As the guest sees it, with the name of the mount in front; with `/**` at the end, everything below it too. */
  readonly path: string;
  readonly allow: readonly PathOp[];
}

export interface MountRule {
  /** Name of the mount. */
  readonly guest: string;
  readonly access: "read-only" | "read-write";
  /** The weakest level that will do. */
  readonly level?: FsLevel | undefined;
}

export interface Policy {
  readonly calls: ReadonlySet<CallName>;
  readonly mounts: readonly MountRule[];
  readonly paths: readonly PathRule[];
  /** Names of variables; one that ends with `*` is the beginning of names. */
  readonly env: readonly string[];
  readonly clocks: ReadonlySet<ClockId>;
  readonly random: boolean;
  readonly network: NetworkPolicy;
}

/** The document. Everything but the version may be left out, which denies it. */
export interface PolicyDocument {
  readonly $schema?: string;
  readonly version: 1;
  /** Names of host calls; `fd_*` and `*` are several. proc_exit needs no permission. */
  readonly calls?: readonly string[];
  readonly mounts?: readonly MountRule[];
  readonly paths?: readonly PathRule[];
  readonly env?: readonly string[];
  readonly clocks?: readonly ClockId[];
  readonly random?: boolean;
  readonly network?: {
    readonly listen?: readonly string[];
    readonly connect?: readonly string[];
    readonly resolve?: readonly string[];
  };
}

/** As guests know them. Those of several forms are one. */
const knownCalls = callNames.filter((name) => plainName(name) === name);
const clockIds: readonly ClockId[] = ["realtime", "monotonic", "process", "thread"];

/** @param where  such as `paths[2].allow`. */
function bad(where: string, expected: string): WasiError {
  return new WasiError("WT6016", `the policy cannot be used: ${where} must be ${expected}`);
}

type Fields = Readonly<Record<string, unknown>>;

/** An object with no other keys than these: a misspelt one would silently deny, or seem to. */
function fieldsOf(value: unknown, where: string, keys: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw bad(where, "an object");
  const stranger = Object.keys(value).find((key) => !keys.includes(key));
  if (stranger !== undefined) throw bad(`${where}.${stranger}`, `left out; there are ${keys.join(", ")}`);
  return value as Fields;
}

function listOf<T>(value: unknown, where: string, read: (item: unknown, where: string) => T): T[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw bad(where, "an array");
  return value.map((item, i) => read(item, `${where}[${i}]`));
}

function textOf(value: unknown, where: string): string {
  if (typeof value !== "string" || value === "" || value.includes("\0")) throw bad(where, "a text that is not empty");
  return value;
}

const oneOf =
  <T extends string>(choices: readonly T[]) =>
  (value: unknown, where: string): T =>
    choices.find((choice) => choice === value) ??
    (() => {
      throw bad(where, `one of ${choices.join(", ")}`);
    })();

/**
 * Reads a policy.
 *
 * @param document  what `JSON.parse` made of it
 * @throws WasiError WT6016, with the place of the first thing that is wrong
 */
export function parsePolicy(document: unknown): Policy {
  const keys = ["$schema", "version", "calls", "mounts", "paths", "env", "clocks", "random", "network"];
  const fields = fieldsOf(document, "policy", keys);
  if (fields.version !== 1) throw bad("policy.version", "1");
  const { random = false } = fields;
  if (typeof random !== "boolean") throw bad("random", "true or false");
  return {
    calls: new Set(listOf(fields.calls, "calls", readCalls).flat()),
    mounts: listOf(fields.mounts, "mounts", readMount),
    paths: listOf(fields.paths, "paths", readPath),
    env: listOf(fields.env, "env", textOf),
    clocks: new Set(listOf(fields.clocks, "clocks", oneOf(clockIds))),
    random,
    network: readNetwork(fields.network ?? {}),
  };
}

function readCalls(value: unknown, where: string): CallName[] {
  const text = textOf(value, where);
  const isPrefix = text.endsWith("*");
  const found = knownCalls.filter((name) => (isPrefix ? name.startsWith(text.slice(0, -1)) : name === text));
  if (found.length === 0) throw bad(where, `the name of a host call, or the beginning of some with '*'; it is ${text}`);
  return found;
}

function readMount(value: unknown, where: string): MountRule {
  const { guest, access, level } = fieldsOf(value, where, ["guest", "access", "level"]);
  return {
    guest: textOf(guest, `${where}.guest`),
    access: oneOf(["read-only", "read-write"] as const)(access, `${where}.access`),
    level: level === undefined ? undefined : oneOf(fsLevels)(level, `${where}.level`),
  };
}

function readPath(value: unknown, where: string): PathRule {
  const { path, allow } = fieldsOf(value, where, ["path", "allow"]);
  const text = textOf(path, `${where}.path`);
  const names = text.replace(/\/\*\*$/, "").split("/");
  if (names.some((name, i) => name === ".." || (name === "." && i > 0)))
    throw bad(`${where}.path`, "without '..' and '.'");
  if (/(^|\/)\*/.test(text.replace(/\/\*\*$/, ""))) throw bad(`${where}.path`, "without '*', except '/**' at the end");
  return { path: text, allow: listOf(allow, `${where}.allow`, oneOf(pathOps)) };
}

function readNetwork(value: unknown): NetworkPolicy {
  const { listen, connect, resolve } = fieldsOf(value, "network", ["listen", "connect", "resolve"]);
  const address = (item: unknown, where: string): NonNullable<ReturnType<typeof parseAddressRule>> => {
    const rule = parseAddressRule(textOf(item, where));
    if (rule === undefined) throw bad(where, "HOST:PORT, such as 127.0.0.1:8080 or *.example.com:443");
    return rule;
  };
  const name = (item: unknown, where: string): string => {
    const rule = parseNameRule(textOf(item, where));
    if (rule === undefined) throw bad(where, "a host name, such as *.example.com");
    return rule;
  };
  return {
    listen: listOf(listen, "network.listen", address),
    connect: listOf(connect, "network.connect", address),
    resolve: listOf(resolve, "network.resolve", name),
  };
}

/** The rule about the mount that the guest sees as `guest`; undefined: the policy does not have it. */
export function mountRule({ mounts }: Policy, guest: string): MountRule | undefined {
  const wanted = mountText(guest);
  return mounts.find((rule) => mountText(rule.guest) === wanted);
}

const mountText = (guest: string): string => pathText(new TextEncoder().encode(guest), []);

/** True when `name` is allowed by a list of names of which some end with `*`. */
export function allowsName(list: readonly string[], name: string): boolean {
  return list.some((rule) => (rule.endsWith("*") ? name.startsWith(rule.slice(0, -1)) : rule === name));
}

/** Which operations a policy allows on which paths. */
export class PathRules {
  readonly #exact = new Map<string, Set<PathOp>>();
  readonly #below = new Map<string, Set<PathOp>>();

  constructor(rules: readonly PathRule[]) {
    for (const { path, allow } of rules) {
      const isBelow = path.endsWith("/**");
      const key = normalPath(isBelow ? path.slice(0, -3) || "/" : path);
      const map = isBelow ? this.#below : this.#exact;
      map.set(key, new Set([...(map.get(key) ?? []), ...allow, ...(allow.length > 0 ? (["stat"] as const) : [])]));
    }
  }

  /**
   * @param path  as `pathText` makes it
   * @param isSubtree  everything below it as well
   * @cost O(length of the path)
   */
  allows(op: PathOp, path: string, isSubtree = false): boolean {
    if (!isSubtree && this.#exact.get(path)?.has(op)) return true;
    for (let at: string | undefined = path; at !== undefined; at = parentOf(at)) {
      if (this.#below.get(at)?.has(op)) return true;
    }
    return false;
  }
}

/** `/a//b/` is `/a/b`. */
function normalPath(path: string): string {
  return path.replace(/\/+/g, "/").replace(/(.)\/$/, "$1");
}

function parentOf(path: string): string | undefined {
  const slash = path.lastIndexOf("/");
  if (slash > 0) return path.slice(0, slash);
  return slash === 0 && path.length > 1 ? "/" : undefined;
}

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/**
 * A name for a person and for rules: different names are different texts, and none is read as anything but a name. Backslashes,
 * what is no UTF-8, and a star at the beginning, are escaped.
 */
function nameText(name: Uint8Array): string {
  try {
    return utf8.decode(name).replaceAll("\\", "\\\\").replace(/^\*/, "\\x2a");
  } catch {
    const isPlain = (b: number, i: number): boolean => b >= 0x20 && b < 0x7f && b !== 0x5c && (b !== 0x2a || i > 0);
    return Array.from(name, (b, i) => (isPlain(b, i) ? String.fromCharCode(b) : escaped(b))).join("");
  }
}

const escaped = (byte: number): string => `\\x${byte.toString(16).padStart(2, "0")}`;

/** The path of something below a mount, as the guest and the rules name it. */
export function pathText(mount: Uint8Array, names: readonly Uint8Array[]): string {
  const root = normalPath(new TextDecoder().decode(mount));
  if (names.length === 0) return root;
  return `${root === "/" ? "" : root}/${names.map(nameText).join("/")}`;
}
