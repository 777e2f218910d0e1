/**
 * The sandbox: from a directory of the guest and a path to (held directory, last component). This file is the only place
 * where `..` and symlinks are decided.
 *
 * ```
 * base ──"a"──► handle ──"link"──► readlink "../b/c": its components take the place of "link"
 *                 ▲                                 │
 *                 └──────────── ".." pops ◄─────────┘          popping below base: PERM
 * ```
 * Every step opens one component below a held directory without following links, so that there is no moment between
 * deciding and using in which someone else could put a link. The host never sees `..`, a slash, or more than one
 * component; trailing slashes are stripped and remembered, because a host follows `link/` even when told not to.
 * `..` goes back to where the walk came from, which is POSIX (the parent of what a link led to), not to the lexical
 * parent, and cannot be fooled by moving directories.
 */
import { type Filestat, filetype } from "./abi.ts";
import { type Context, identity } from "./context.ts";
import { fail } from "./errno.ts";
import type { Descriptor, Place } from "./fd-table.ts";
import type { DirHandle, Mount, Name } from "./file-system.ts";
import { limits } from "./limits.ts";
import type { PathOp } from "./policy.ts";

const slash = 0x2f;
const period = 0x2e;

/** A ".." of the text of a link. */
const upByLink = Uint8Array.of(period, period);

const isDot = (name: Uint8Array): boolean => name.length === 1 && name[0] === period;
const isDotDot = (name: Uint8Array): boolean => name.length === 2 && name[0] === period && name[1] === period;

/** Names are bytes, and equal when the bytes are. */
export const isSameName = (a: Name, b: Name): boolean => a.length === b.length && a.every((byte, i) => byte === b[i]);

interface Parsed {
  /** Without empty ones and ".", in order; "." is kept at the end. */
  readonly components: Uint8Array[];
  /** Ends with a slash, "." or "..". */
  readonly isDirectory: boolean;
}

/** Splits a path of the guest or the target of a link. @throws Failure NOENT, INVAL, PERM, NAMETOOLONG */
function parsePath(path: Uint8Array): Parsed {
  if (path.length === 0) fail("NOENT");
  if (path.length > limits.pathBytes) fail("NAMETOOLONG");
  if (path.includes(0)) fail("INVAL");
  if (path[0] === slash) fail("PERM");
  const components: Uint8Array[] = [];
  // Byte by byte: a search for each slash costs more than it saves in paths as short as these. And copies: for a view V8 moves
  // the bytes of a small array out of its heap, which takes half a microsecond (bench wasi, stat).
  for (let at = 0, end = 0; end <= path.length; end++) {
    if (end < path.length && path[end] !== slash) continue;
    if (end - at > limits.nameBytes) fail("NAMETOOLONG");
    if (end > at) pushComponent(components, path.slice(at, end));
    at = end + 1;
  }
  const last = components[components.length - 1] as Uint8Array;
  return { components, isDirectory: path[path.length - 1] === slash || isDot(last) || isDotDot(last) };
}

/** A "." that something follows means nothing. */
function pushComponent(components: Uint8Array[], next: Uint8Array): void {
  const last = components[components.length - 1];
  if (last !== undefined && isDot(last)) components.pop();
  components.push(next);
}

/**
 * How many names the `length` bytes at `at` are, if they are names with one slash between any two: no dots among them, and no
 * more than a walk takes. Else 0.
 */
export function countPlainNames(bytes: Uint8Array, at: number, length: number): number {
  const end = at + length;
  let count = 0;
  for (let start = at; start <= end; ) {
    let next = start;
    while (next < end && bytes[next] !== slash) if (bytes[next++] === 0) return 0;
    const size = next - start;
    if (size === 0 || size > limits.nameBytes || ++count > limits.depth) return 0;
    if (bytes[start] === period && (size === 1 || (size === 2 && bytes[start + 1] === period))) return 0;
    start = next + 1;
  }
  return count;
}

/** A directory on the way, where it is, and so the mount whose rules hold in it. */
interface Step extends Place {
  readonly dir: DirHandle;
}

/**
 * A walk that stands before its last component. Use `withWalk`, which closes it.
 */
export class Walk {
  readonly #host: Context;
  readonly #base: Step;
  /** Directories below the base, owned by the walk. */
  readonly #steps: Step[] = [];
  /** Components still to go, the next one last. */
  #todo: Uint8Array[] = [];
  #links = 0;
  /** Links that were followed, where there is a policy. */
  readonly #followed: Place[] = [];
  /** Steps that lead to the last link that was followed, as far as the walk has not left them. */
  #above = 0;
  #taken = 0;
  #name: Name | undefined = undefined;
  /** What the last component is. `.` and `..` have been walked: `dir` is the directory they mean. */
  last: "name" | "." | ".." = ".";
  /** The result must be a directory: a trailing slash, here or in the target of a final link. */
  mustBeDir = false;

  constructor(host: Context, base: Step, path: Uint8Array) {
    this.#host = host;
    this.#base = base;
    this.#go(() => this.#push(path));
  }

  /** Walks on from what `begin` has put before it. */
  #go(begin: () => void): void {
    try {
      begin();
      this.#advance();
    } catch (error) {
      this.close();
      // Why it failed tells what there is.
      for (const place of this.#followed) this.#host.guard?.path("stat", place);
      throw error;
    }
  }

  /** The directory that holds the last component, or that the path means when `last` is not a name. */
  get dir(): DirHandle {
    return this.#here.dir;
  }

  /** The mount whose rules hold for `dir`: stricter than the base's when the walk entered a read-only mount. */
  get mount(): Mount {
    return this.#here.mount;
  }

  /** Where what the path means is, whether there is something or not. */
  get place(): Place {
    const { mount, path } = this.#here;
    return { mount, path: this.last === "name" ? [...path, this.name] : path };
  }

  /** Asks whether the guest may do this to what the path means. @throws Failure NOTCAPABLE */
  permit(op: PathOp, isSubtree = false): void {
    this.#host.guard?.path(op, this.place, isSubtree);
  }

  /** The last component. Only when `last` is "name". */
  get name(): Name {
    return this.#name as Name;
  }

  get #here(): Step {
    return this.#steps.at(-1) ?? this.#base;
  }

  /** The last component is a symlink and is to be followed: walks to where it points. @throws Failure LOOP, PERM, ... */
  enterLink(): void {
    this.#go(() => this.#pushLink(this.name));
  }

  /**
   * For what changes the thing itself, or ends it: the root of a read-only mount is that also under the name that it has in a
   * writable one. (The name is the writable one's, which may give it another.) @throws Failure ROFS
   */
  requireWritable(): void {
    if (this.mount.isReadOnly) fail("ROFS");
    const { guards } = this.#host;
    if (guards.size === 0 || this.last !== "name") return;
    const stat = this.dir.statAt(this.name);
    if (stat !== undefined && guards.has(identity(stat))) fail("ROFS");
  }

  #push(path: Uint8Array, isLink = false): void {
    const parsed = parsePath(path);
    const { isDirectory } = parsed;
    const components = isLink ? parsed.components.map((name) => (isDotDot(name) ? upByLink : name)) : parsed.components;
    // The target of a final link decides about the whole; the target of a link in the middle is a directory anyhow.
    if (this.#todo.length === 0 && isDirectory) this.mustBeDir = true;
    this.#todo.push(...components.reverse());
  }

  #pushLink(name: Name): void {
    if (this.#host.guard !== undefined) this.#followed.push(this.#placeOf(name));
    this.#above = this.#steps.length;
    if (++this.#links > limits.symlinks) fail("LOOP");
    this.#push(this.dir.readLinkAt(name), true);
  }

  #advance(): void {
    this.#name = undefined;
    this.last = ".";
    for (let name = this.#todo.pop(); name !== undefined; name = this.#todo.pop()) {
      if (++this.#taken > limits.steps) fail("LOOP");
      if (isDot(name)) this.last = ".";
      else if (isDotDot(name)) this.#up(name === upByLink);
      else if (this.#todo.length === 0) {
        this.last = "name";
        this.#name = name;
      } else this.#down(name);
    }
  }

  #up(isByLink: boolean): void {
    const step = this.#steps.pop() ?? fail("PERM");
    step.dir.close();
    // Who comes back from it knows that it is there; but to follow a link is to come from where the link is.
    if (!isByLink || this.#steps.length >= this.#above) this.#host.guard?.path("stat", step);
    this.#above = Math.min(this.#above, this.#steps.length);
    this.last = "..";
  }

  #placeOf(name: Name): Place {
    const { mount, path } = this.#here;
    return { mount, path: [...path, name] };
  }

  #down(name: Name): void {
    if (this.#steps.length >= limits.depth) fail("NAMETOOLONG");
    const dir = this.#dirAt(name);
    if (dir !== undefined) this.#steps.push({ dir, ...placeOf(this.#host, dir, this.#placeOf(name)) });
    else this.#pushLink(name);
  }

  /** Undefined for a link. Where there is neither, the policy is asked before that is told. */
  #dirAt(name: Name): DirHandle | undefined {
    try {
      const dir = this.dir.dirAt(name);
      if (dir !== undefined) return dir;
      const type = this.dir.typeAt(name) ?? fail("NOENT");
      return type === filetype.symbolicLink ? undefined : fail("NOTDIR");
    } catch (error) {
      this.#host.guard?.path("stat", this.#placeOf(name));
      throw error;
    }
  }

  close(): void {
    for (const step of this.#steps) step.dir.close();
    this.#steps.length = 0;
  }
}

/** `place`, unless `dir` is the root of a read-only mount, reached through a writable one: then the rules of that hold. */
export function placeOf(host: Context, dir: DirHandle, place: Place): Place {
  if (host.guards.size === 0 || place.mount.isReadOnly) return place;
  const guard = host.guards.get(identity(dir.stat()));
  return guard === undefined ? place : { mount: guard, path: [] };
}

/**
 * Walks `path` from the directory `d` up to its last component and hands the walk to `use`.
 *
 * @throws Failure NOTDIR when `d` is not a directory; NOENT, NOTDIR, LOOP, NAMETOOLONG, INVAL as POSIX; PERM for an
 *   absolute path or link target and for `..` above the mount, even when the rest of the path would lead back
 * @cost one open and one close for each component but the last
 */
export function withWalk<R>(host: Context, d: Descriptor, path: Uint8Array, use: (walk: Walk) => R): R {
  if (d.kind !== "dir") fail("NOTDIR");
  const walk = new Walk(host, d, path);
  try {
    return use(walk);
  } finally {
    walk.close();
  }
}

/**
 * Attributes of what the walk leads to, after following a final link if asked (or if a slash follows it); the walk then
 * stands before what the link led to.
 *
 * @param op  what is going to be done with it, for the policy
 * @throws Failure NOENT; NOTDIR when it must be a directory and is not
 */
export function resolveFinal(walk: Walk, isFollow: boolean, op: PathOp): Filestat {
  for (;;) {
    if (walk.last !== "name") {
      walk.permit(op);
      return walk.dir.stat();
    }
    const stat = walk.dir.statAt(walk.name);
    if (stat?.filetype !== filetype.symbolicLink || !(isFollow || walk.mustBeDir)) {
      // Before it is told whether there is anything.
      walk.permit(op);
      if (stat === undefined) fail("NOENT");
      if (walk.mustBeDir && stat.filetype !== filetype.directory) fail("NOTDIR");
      return stat;
    }
    walk.enterLink();
  }
}
