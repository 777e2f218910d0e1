/**
 * The bounds on what one guest can make the host do or hold. Each is a refusal with an errno, never a crash.
 *
 * Not for limits that an embedder chooses per guest (output bytes, open files): those are host options, with the
 * defaults here.
 */
export const limits = {
  /** I/O vectors in one call (IOV_MAX of the C library). More: INVAL. */
  iovecs: 1024,
  /** Bytes moved by one read or write; what is beyond is a short count. Node's length argument is a signed int32. */
  ioBytes: 0x4000_0000,
  /** Bytes of bounce buffer for one call on a shared memory; beyond: a short count. */
  sharedIoBytes: 1 << 20,
  /** Bytes of output that are given to a function of the embedder at once; a larger write is several. */
  chunkBytes: 1 << 20,
  /** Bytes of a name that is looked up, or of that of a service (NI_MAXHOST). More: AINONAME, AISERVICE. */
  lookupBytes: 1025,
  /** Bytes of a path or of a symlink target (PATH_MAX). More: NAMETOOLONG. */
  pathBytes: 4096,
  /** Bytes of one path component (NAME_MAX). More: NAMETOOLONG. */
  nameBytes: 255,
  /** Symlinks followed in one resolution. More: LOOP. */
  symlinks: 40,
  /** Directory handles held at once by one resolution. More: NAMETOOLONG. */
  depth: 512,
  /** Directory steps in one resolution, link targets included. More: LOOP. */
  steps: 16_384,
  /** Subscriptions of one poll. More: INVAL. */
  subscriptions: 4096,
  /** Random bytes produced before the runner gets a chance to stop the guest. */
  randomSlice: 1 << 20,
  /** Random bytes asked of the host at once (the Web Crypto quota). */
  randomChunk: 65_536,
  /** Entries of one directory listing. More: OVERFLOW. */
  dirEntries: 1 << 20,
  /** Host memory for the listings of all open directories of a guest, bytes by estimate; older ones are dropped. */
  listingBytes: 64 << 20,
  /** Open descriptors, default of the option `maxFds`. More: MFILE. */
  fds: 1024,
  /** Bytes read ahead from a terminal or pipe that is being waited for. */
  inputBytes: 65_536,
  /** Bytes of file contents in one in-memory file system, default of its option `maxBytes`. More: NOSPC. */
  memoryFsBytes: 64 << 20,
  /** Names in one in-memory file system, default of its option `maxEntries`. More: NOSPC. */
  memoryFsEntries: 65_536,
  /** Names in a tar archive, directories on the way included. More: WT6009. */
  tarEntries: 1 << 20,
  /** Threads of a guest at once, default of the option `maxThreads`. More: thread-spawn gives -AGAIN. */
  threads: 64,
  /** Calls of sched_yield in a row after which each one really gives up the processor. */
  idleYields: 100,
} as const;
