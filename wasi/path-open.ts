/**
 * path_open: from a path to a new descriptor.
 *
 * What is there is looked at first, without opening it: opening a device can have effects. Then it is opened without
 * following links, and what was opened is looked at again by the file system. When the two differ, someone is renaming
 * under us: start again with what is there now.
 */
import { type Filetype, fdflags, filetype, oflags } from "./abi.ts";
import type { Context } from "./context.ts";
import { fail, isHostError } from "./errno.ts";
import { type Descriptor, type DirDesc, dirDesc, type FileDesc, fileDesc, streamDesc } from "./fd-table.ts";
import type { DirHandle, FileHandle, FileMode } from "./file-system.ts";
import { placeOf, type Walk, withWalk } from "./path-resolver.ts";
import { allRights, createRight, readRight, truncateRight, writeRight } from "./rights.ts";

/** Times to look again before giving up with AGAIN: final links, and others renaming in the right microsecond. */
const maxTries = 1024;

interface Request {
  readonly isFollow: boolean;
  readonly isCreate: boolean;
  readonly isExclusive: boolean;
  readonly isDirectory: boolean;
  readonly mode: FileMode;
  readonly flags: number;
  /** Asked to write, by rights. All rights at once ask for whatever is possible. */
  readonly isWriteMeant: boolean;
}

export function modeOf(open: number, rights: number, flags: number): FileMode {
  return {
    isRead: (rights & readRight) !== 0,
    isWrite: (rights & writeRight) !== 0,
    isAppend: (flags & fdflags.append) !== 0,
    isTruncate: (open & oflags.trunc) !== 0,
    isSync: (flags & (fdflags.sync | fdflags.rsync)) !== 0,
    isDsync: (flags & fdflags.dsync) !== 0,
  };
}

function requestOf(dirflags: number, open: number, rights: number, flags: number): Request {
  const isDirectory = (open & oflags.directory) !== 0;
  if (isDirectory && (open & (oflags.creat | oflags.excl | oflags.trunc)) !== 0) fail("INVAL");
  const isCreate = (open & oflags.creat) !== 0;
  const isWrite = (rights & writeRight) !== 0;
  return {
    isFollow: dirflags !== 0,
    isCreate,
    isExclusive: isCreate && (open & oflags.excl) !== 0,
    isDirectory,
    mode: modeOf(open, rights, flags),
    flags,
    isWriteMeant: isWrite && rights !== allRights,
  };
}

/** Rights that the guest gave up; what it asks for is otherwise not judged by them. */
function checkRights(d: Descriptor, open: number, rights: number): void {
  const needed = ((open & oflags.trunc) !== 0 ? truncateRight : 0) | ((open & oflags.creat) !== 0 ? createRight : 0);
  const passedOn = rights & (readRight | writeRight);
  if ((d.dropped & needed) !== 0 || (d.droppedInheriting & passedOn) !== 0) fail("NOTCAPABLE");
}

export function path_open(
  host: Context,
  d: Descriptor,
  dirflags: number,
  path: Uint8Array,
  open: number,
  rights: number,
  _inheriting: number,
  flags: number,
  openedFd: number,
): undefined {
  checkRights(d, open, rights);
  const request = requestOf(dirflags, open, rights, flags);
  host.fds.reserve();
  const opened = withWalk(host, d, path, (walk) => openFinal(host, walk, request));
  opened.dropped = d.droppedInheriting;
  opened.droppedInheriting = d.droppedInheriting;
  host.mem.setU32(openedFd, host.fds.add(opened));
}

/**
 * Opens what was open before: creates and truncates nothing, and follows no link at the end.
 *
 * @param mode  of a file; undefined for a directory
 * @returns what is there, which may be of another kind
 */
export function openAgain(
  host: Context,
  d: DirDesc,
  path: Uint8Array,
  mode: { readonly isRead: boolean; readonly isWrite: boolean; readonly flags: number } | undefined,
): Descriptor {
  const wanted = (mode?.isRead ? readRight : 0) | (mode?.isWrite ? writeRight : 0);
  const request = requestOf(0, mode === undefined ? oflags.directory : 0, wanted, mode?.flags ?? 0);
  return withWalk(host, d, path, (walk) => openFinal(host, walk, request));
}

function openFinal(host: Context, walk: Walk, request: Request): Descriptor {
  for (let tries = 0; tries < maxTries; tries++) {
    if (walk.mount.isReadOnly && (request.isCreate || request.mode.isTruncate)) fail("ROFS");
    if (walk.last !== "name") {
      walk.permit("stat");
      return openDirectory(host, walk, walk.dir.duplicate(), request);
    }
    const opened = openName(host, walk, request);
    if (opened !== undefined) return opened;
    stepAside(walk, tries);
  }
  return fail("AGAIN");
}

/**
 * Waits, a little longer each time. Both lock the directory in turns: in step with each other, the other one would win
 * every time.
 */
function stepAside(walk: Walk, tries: number): void {
  if (walk.last === "name") for (let looks = tries % 16; looks > 0; looks--) walk.dir.typeAt(walk.name);
}

/** Undefined: look again, a link was entered or something changed. */
function openName(host: Context, walk: Walk, request: Request): Descriptor | undefined {
  const type = walk.dir.typeAt(walk.name);
  const isEntered = type === filetype.symbolicLink && (request.isFollow || walk.mustBeDir) && !request.isExclusive;
  // Before it is told whether there is anything.
  if (!isEntered) permit(walk, type, request);
  if (type === undefined) return request.isCreate ? create(walk, request) : fail("NOENT");
  if (request.isExclusive) fail("EXIST");
  if (type === filetype.symbolicLink) {
    if (!request.isFollow && !walk.mustBeDir) fail("LOOP");
    walk.enterLink();
    return undefined;
  }
  if (type !== filetype.directory) return openFile(walk, type, request);
  const dir = walk.dir.dirAt(walk.name);
  return dir && openDirectory(host, walk, dir, request);
}

/** Looking is all that opening a directory asks for; listing it is asked for when it is listed. */
function permit(walk: Walk, type: Filetype | undefined, { isCreate, mode }: Request): void {
  const isRead = mode.isRead && type !== filetype.directory;
  const isWrite = mode.isTruncate || (mode.isWrite && type !== filetype.directory);
  if (type === undefined && isCreate) walk.permit("create");
  if (isRead) walk.permit("read");
  if (isWrite) walk.permit("write");
  if (!isRead && !isWrite) walk.permit("stat");
}

/** @param dir  closed again when it must not be opened like this */
function openDirectory(host: Context, walk: Walk, dir: DirHandle, request: Request): DirDesc {
  if (request.isWriteMeant || request.isCreate || request.mode.isTruncate) {
    dir.close();
    fail("ISDIR");
  }
  return dirDesc(dir, placeOf(host, dir, walk.place));
}

function create(walk: Walk, request: Request): FileDesc | undefined {
  if (walk.mustBeDir) fail("ISDIR");
  const file = unlessRaced(() => walk.dir.createAt(walk.name, request.mode), request.isExclusive ? [] : ["EEXIST"]);
  return file && describeFile(file, walk, request);
}

function openFile(walk: Walk, type: Filetype, request: Request): Descriptor | undefined {
  if (request.isDirectory || walk.mustBeDir) fail("NOTDIR");
  if (type === filetype.characterDevice || type === filetype.blockDevice) fail("ACCES");
  if (walk.mount.isReadOnly && request.mode.isWrite) fail("ROFS");
  const file = unlessRaced(() => walk.dir.fileAt(walk.name, request.mode), ["ELOOP", "EISDIR", "ENOENT"]);
  if (file?.kind !== "pipe") return file && describeFile(file, walk, request);
  const { input, output } = file;
  return streamDesc({ input, output, flags: request.flags, close: () => file.close() });
}

function describeFile(file: FileHandle, walk: Walk, request: Request): FileDesc {
  return fileDesc(file, walk.place, request.mode, request.flags);
}

/** Undefined when `open` fails with one of `codes`: what was there a moment ago has been replaced. */
function unlessRaced<T>(open: () => T, codes: readonly string[]): T | undefined {
  try {
    return open();
  } catch (error) {
    if (isHostError(error, ...codes)) return undefined;
    throw error;
  }
}
