/**
 * The path_* calls except path_open (`path-open.ts`).
 *
 * Where a path leads is decided in `path-resolver.ts`; here is what happens to the last component. Linux errnos are
 * passed through: they are the ones that POSIX programs expect.
 */
import { filetype, writeFilestat } from "./abi.ts";
import type { Context } from "./context.ts";
import { type ErrnoName, fail } from "./errno.ts";
import { type Descriptor, type FdTable, type Place, whereIs } from "./fd-table.ts";
import type { Name } from "./file-system.ts";
import { fileTimes } from "./file-times.ts";
import { limits } from "./limits.ts";
import { isSameName, resolveFinal, type Walk, withWalk } from "./path-resolver.ts";

/** The name to be created, removed or changed; `.` and `..` have an errno of their own in each call. */
function nameOf(walk: Walk, op: "create" | "remove", dot: ErrnoName, dotDot: ErrnoName = dot): Name {
  if (walk.last !== "name") fail(walk.last === "." ? dot : dotDot);
  if (walk.mount.isReadOnly) fail("ROFS");
  walk.permit(op);
  return walk.name;
}

/**
 * The policy for what gets another name: the guest must be allowed everything with it, or it could do under the new name
 * what it may not under the old one.
 */
function permitOtherName(host: Context, walk: Walk): void {
  if (host.guard === undefined) return;
  const isSubtree = walk.dir.typeAt(walk.name) === filetype.directory;
  for (const op of ["read", "write", "create", "remove"] as const) walk.permit(op, isSubtree);
}

/** Where a trailing slash makes no sense: NOENT for what does not exist, `directory` or NOTDIR for what does. */
function refuseSlash(walk: Walk, directory: ErrnoName): void {
  if (!walk.mustBeDir) return;
  const type = walk.dir.typeAt(walk.name) ?? fail("NOENT");
  fail(type === filetype.directory ? directory : "NOTDIR");
}

/** With a trailing slash, here or in the new name, only a directory will do; a link to one is not one. */
function requireDirectory(walk: Walk): void {
  const type = walk.dir.typeAt(walk.name) ?? fail("NOENT");
  if (type !== filetype.directory) fail("NOTDIR");
}

export function path_create_directory(host: Context, d: Descriptor, path: Uint8Array): undefined {
  withWalk(host, d, path, (walk) => walk.dir.makeDirAt(nameOf(walk, "create", "EXIST")));
}

export function path_filestat_get(
  host: Context,
  d: Descriptor,
  flags: number,
  path: Uint8Array,
  out: number,
): undefined {
  const stat = withWalk(host, d, path, (walk) => {
    const found = resolveFinal(walk, flags !== 0, "stat");
    return host.presentStat(found, walk.place);
  });
  writeFilestat(host.mem, out, stat, host.abi);
}

export function path_filestat_set_times(
  host: Context,
  d: Descriptor,
  flags: number,
  path: Uint8Array,
  atim: bigint,
  mtim: bigint,
  fstFlags: number,
): undefined {
  const times = fileTimes(host, atim, mtim, fstFlags);
  withWalk(host, d, path, (walk) => {
    resolveFinal(walk, flags !== 0, "write");
    walk.requireWritable();
    if (times === undefined) return;
    if (walk.last === "name") walk.dir.setTimesAt(walk.name, times);
    else walk.dir.setTimes(times);
  });
}

/** Links the last component itself, a symlink too. Asking to follow it is INVAL, as in wasmtime. */
export function path_link(
  host: Context,
  oldD: Descriptor,
  oldFlags: number,
  oldPath: Uint8Array,
  newD: Descriptor,
  newPath: Uint8Array,
): undefined {
  if (oldFlags !== 0) fail("INVAL");
  withWalk(host, oldD, oldPath, (from) =>
    withWalk(host, newD, newPath, (to) => {
      const oldName = nameOf(from, "create", "PERM");
      const newName = nameOf(to, "create", "EXIST");
      if (from.mount !== to.mount) fail("XDEV");
      permitOtherName(host, from);
      refuseSlash(from, "PERM");
      refuseSlash(to, "EXIST");
      from.dir.linkAt(oldName, to.dir, newName);
    }),
  );
}

/** Copies as much of the target as fits; the rest of the buffer stays as it is. */
export function path_readlink(
  host: Context,
  d: Descriptor,
  path: Uint8Array,
  buffer: Uint8Array,
  used: number,
): undefined {
  const target = withWalk(host, d, path, (walk) => {
    if (walk.last !== "name") fail("INVAL");
    if (walk.mustBeDir) {
      resolveFinal(walk, true, "stat");
      fail("INVAL");
    }
    walk.permit("stat");
    return walk.dir.readLinkAt(walk.name);
  });
  const part = target.subarray(0, buffer.length);
  buffer.set(part);
  host.mem.setU32(used, part.length);
}

export function path_remove_directory(host: Context, d: Descriptor, path: Uint8Array): undefined {
  withWalk(host, d, path, (walk) => {
    const name = nameOf(walk, "remove", "INVAL", "NOTEMPTY");
    walk.requireWritable();
    walk.dir.removeDirAt(name);
  });
}

export function path_rename(
  host: Context,
  oldD: Descriptor,
  oldPath: Uint8Array,
  newD: Descriptor,
  newPath: Uint8Array,
): undefined {
  withWalk(host, oldD, oldPath, (from) =>
    withWalk(host, newD, newPath, (to) => {
      const oldName = nameOf(from, "remove", "BUSY");
      const newName = nameOf(to, "create", "BUSY");
      if (from.mount !== to.mount) fail("XDEV");
      permitOtherName(host, from);
      to.permit("remove");
      to.requireWritable();
      if (from.mustBeDir) requireDirectory(from);
      if (to.mustBeDir) requireDirectory(from);
      from.dir.renameAt(oldName, to.dir, newName);
      movePaths(host.fds, from.place, to.place.path);
    }),
  );
}

/** What is open at or below `from` is now at or below `to`, in the same mount. */
function movePaths(fds: FdTable, from: Place, to: readonly Name[]): void {
  const depth = from.path.length;
  for (const d of fds) {
    if (d.kind === "stream" || d.mount !== from.mount) continue;
    const { path } = whereIs(d);
    const isMoved = path.length >= depth && from.path.every((name, i) => isSameName(name, path[i] as Name));
    if (isMoved) d.path = [...to, ...path.slice(depth)];
  }
}

/** The target is text: it may have `..`, which is judged when the link is used. An absolute one could never be used. */
export function path_symlink(host: Context, target: Uint8Array, d: Descriptor, newPath: Uint8Array): undefined {
  if (target.length === 0) fail("NOENT");
  // As hosts do, which count a NUL at the end.
  if (target.length >= limits.pathBytes) fail("NAMETOOLONG");
  if (target.includes(0)) fail("INVAL");
  if (target[0] === 0x2f) fail("PERM");
  withWalk(host, d, newPath, (walk) => {
    const name = nameOf(walk, "create", "EXIST");
    refuseSlash(walk, "EXIST");
    walk.dir.symlinkAt(target, name);
  });
}

export function path_unlink_file(host: Context, d: Descriptor, path: Uint8Array): undefined {
  withWalk(host, d, path, (walk) => {
    const name = nameOf(walk, "remove", "ISDIR");
    refuseSlash(walk, "ISDIR");
    walk.dir.unlinkAt(name);
  });
}
