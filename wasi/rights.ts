/**
 * Rights: the bits, and the sets that descriptors report.
 *
 * Rights are not how this host keeps a guest inside its directories; mounts are. They are kept because guests read them
 * (the C library derives O_RDONLY, O_WRONLY and O_RDWR and masks its requests by them) and because a guest may drop
 * some with fd_fdstat_set_rights, after which they stay dropped (NOTCAPABLE). What path_open asks for decides only
 * between reading and writing, as in wasmtime and wazero.
 *
 * All defined bits fit in 30 bits, so rights are plain numbers here; unknown bits are dropped at the boundary.
 */

const names = [
  "fd_datasync",
  "fd_read",
  "fd_seek",
  "fd_fdstat_set_flags",
  "fd_sync",
  "fd_tell",
  "fd_write",
  "fd_advise",
  "fd_allocate",
  "path_create_directory",
  "path_create_file",
  "path_link_source",
  "path_link_target",
  "path_open",
  "fd_readdir",
  "path_readlink",
  "path_rename_source",
  "path_rename_target",
  "path_filestat_get",
  "path_filestat_set_size",
  "path_filestat_set_times",
  "fd_filestat_get",
  "fd_filestat_set_size",
  "fd_filestat_set_times",
  "path_symlink",
  "path_remove_directory",
  "path_unlink_file",
  "poll_fd_readwrite",
  "sock_shutdown",
  "sock_accept",
] as const;

export type Right = (typeof names)[number];

/** Every defined right. */
export const allRights = 2 ** names.length - 1;

/** The set with exactly these rights. */
export function rightSet(...rights: readonly Right[]): number {
  return rights.reduce((set, right) => set | (1 << names.indexOf(right)), 0);
}

/** The names in a set, in bit order. */
export function rightNames(set: number): Right[] {
  return names.filter((_, bit) => (set >> bit) & 1);
}

/** Rights of a directory itself. Without fd_seek and fd_filestat_set_size, which programs take as signs of a file. */
export const dirRights = rightSet(
  "path_create_directory",
  "path_create_file",
  "path_link_source",
  "path_link_target",
  "path_open",
  "fd_readdir",
  "path_readlink",
  "path_rename_source",
  "path_rename_target",
  "path_filestat_get",
  "path_filestat_set_size",
  "path_filestat_set_times",
  "fd_filestat_get",
  "fd_filestat_set_times",
  "path_symlink",
  "path_remove_directory",
  "path_unlink_file",
);

/** Rights of a regular file that is open for reading and writing. */
export const fileRights = rightSet(
  "fd_datasync",
  "fd_read",
  "fd_seek",
  "fd_fdstat_set_flags",
  "fd_sync",
  "fd_tell",
  "fd_write",
  "fd_advise",
  "fd_allocate",
  "fd_filestat_get",
  "fd_filestat_set_size",
  "fd_filestat_set_times",
  "poll_fd_readwrite",
);

/** What a directory passes on to what is opened through it. */
export const inheritingRights = dirRights | fileRights;

/** Rights of standard streams and pipes. No fd_seek and fd_tell: with them `isatty` says no. */
export const streamRights = rightSet(
  "fd_read",
  "fd_write",
  "fd_fdstat_set_flags",
  "fd_filestat_get",
  "poll_fd_readwrite",
);

export const socketRights = streamRights | rightSet("sock_shutdown", "sock_accept");

export const readRight = rightSet("fd_read");
export const writeRight = rightSet("fd_write");
export const pollRight = rightSet("poll_fd_readwrite");
export const createRight = rightSet("path_create_file");
export const truncateRight = rightSet("path_filestat_set_size");
/** What goes when a file is not open for writing. */
export const writingRights = rightSet("fd_write", "fd_datasync", "fd_allocate", "fd_filestat_set_size");
