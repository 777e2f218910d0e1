/**
 * Streams on host descriptors: standard input and output, FIFOs.
 *
 * Reading and writing never wait here, except where the runner asks for it (`ready.block`). Whether a pipe or terminal
 * has input cannot be asked from JavaScript; so it is opened again without waiting, through /proc (a new open file: the
 * shared descriptor 0 is not switched), and read ahead of the guest, at most as much as the guest wants. A socket cannot
 * be opened again: as standard input it is switched, by Node, which switches it back when the process ends.
 */
import fs from "node:fs";
import tty from "node:tty";
import type { WaitSource } from "../../engine/index.ts";
import { type Filetype, filetype } from "../abi.ts";
import { isHostError } from "../errno.ts";
import { limits } from "../limits.ts";
import type { InputStream, OutputStream, Unread } from "../streams.ts";
import { pause } from "./pause.ts";

/** Time between two looks at a source that cannot be waited for, ms: twice as long each time. */
const firstSliceMs = 0.05;
const maxSliceMs = 5;
/** Slices beyond this one are spent in the system, where that can be. */
const lastSliceMs = 25;

/**
 * The type guests see. Only a real terminal is a character device: `isatty` believes it. A socket is no socket for a
 * guest, which cannot use the calls for sockets on it.
 */
function filetypeOf(fd: number, stat: fs.Stats): Filetype {
  if (stat.isFile()) return filetype.regularFile;
  return isTerminal(fd, stat) ? filetype.characterDevice : filetype.unknown;
}

/** Linux: the major number of /dev/null and its like. */
const MEMORY_DEVICES = 1;

/** Asks `node:tty` only about what can be one: loading it takes 2 ms, at every start. */
const isTerminal = (fd: number, stat: fs.Stats): boolean =>
  process.platform === "win32" ||
  (stat.isCharacterDevice() && !(process.platform === "linux" && stat.rdev >> 8 === MEMORY_DEVICES))
    ? tty.isatty(fd)
    : false;

/** Makes standard input one that reads without waiting; true if it is. For what cannot be opened again. */
function switchToNonblocking(fd: number): boolean {
  // Making the stream is what makes libuv switch the descriptor; it reads nothing before somebody listens.
  if (fd === 0) void process.stdin;
  try {
    const flags = /^flags:\s*(\d+)$/m.exec(fs.readFileSync(`/proc/self/fdinfo/${fd}`, "latin1"))?.[1];
    return (Number.parseInt(flags ?? "0", 8) & fs.constants.O_NONBLOCK) !== 0;
  } catch {
    return false;
  }
}

export class HostInput implements InputStream {
  readonly filetype: Filetype;
  readonly ready: WaitSource;
  readonly #fd: number;
  /** Never waits: regular files and the like. */
  readonly #isPrompt: boolean;
  /** The end is not for ever: a terminal after ^D, a FIFO that gets a new writer. */
  readonly #canGoOn: boolean;
  /** Descriptor that reads without waiting; undefined until needed, null when there is none: then reads wait. */
  #probeFd: number | null | undefined;
  readonly #ownsProbe: boolean;
  #ahead: Uint8Array = new Uint8Array(0);
  #isEnd = false;
  /** What the guest asked for last, bytes. */
  #wanted = 1;

  /** @param probeFd  the same input, already open without waiting */
  constructor(fd: number, probeFd?: number) {
    const stat = fs.fstatSync(fd);
    this.#fd = fd;
    this.#probeFd = probeFd;
    this.#ownsProbe = probeFd === undefined;
    this.filetype = filetypeOf(fd, stat);
    const isTerminal = this.filetype === filetype.characterDevice;
    this.#canGoOn = isTerminal || probeFd !== undefined;
    this.#isPrompt = stat.isFile() || (stat.isCharacterDevice() && !isTerminal);
    this.ready = { isReady: () => this.#isReady(), block: (timeoutMs) => this.#block(timeoutMs) };
  }

  read(into: Uint8Array): number | undefined {
    if (this.#isPrompt) return fs.readSync(this.#fd, into, 0, into.length, null);
    this.#wanted = into.length;
    // Ready, it was said, since only reading can tell: a guest told to try again would do so for ever.
    if (this.#probeFd === null && this.#ahead.length === 0 && !this.#isEnd) this.#readAhead(this.#fd);
    if (this.#ahead.length > 0) return this.#readBuffered(into);
    if (!this.#isEnd) return undefined;
    this.#isEnd = !this.#canGoOn;
    return 0;
  }

  /** What was read ahead, often a single byte, and what can be had besides without waiting. */
  #readBuffered(into: Uint8Array): number {
    const part = this.#ahead.subarray(0, into.length);
    into.set(part);
    this.#ahead = this.#ahead.subarray(part.length);
    const rest = into.subarray(part.length);
    if (rest.length === 0 || typeof this.#probeFd !== "number" || !this.#readAhead(this.#probeFd, rest.length))
      return part.length;
    const more = this.#ahead;
    rest.set(more);
    this.#ahead = more.subarray(more.length);
    return part.length + more.length;
  }

  available(): number {
    if (this.#isPrompt) return this.#leftInFile();
    const mayHaveMore = this.#probeFd === null && !this.#isEnd;
    return Math.max(this.#ahead.length, mayHaveMore ? 1 : 0);
  }

  unread(): Unread {
    return { bytes: Uint8Array.from(this.#ahead), isAll: false };
  }

  /** The position of a shared descriptor is not known here: one byte as long as it might not be at the end. */
  #leftInFile(): number {
    return this.filetype === filetype.regularFile && fs.fstatSync(this.#fd).size === 0 ? 0 : 1;
  }

  #isReady(): boolean {
    if (this.#isPrompt || this.#ahead.length > 0 || this.#isEnd) return true;
    const probe = this.#probe();
    // Without a probe, reading is the only way to find out.
    return probe === null ? true : this.#readAhead(probe);
  }

  #probe(): number | null {
    if (this.#probeFd === undefined) {
      try {
        this.#probeFd = fs.openSync(`/proc/self/fd/${this.#fd}`, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
      } catch {
        this.#probeFd = switchToNonblocking(this.#fd) ? this.#fd : null;
      }
    }
    return this.#probeFd;
  }

  /** True when there is something now, if only the end. */
  #readAhead(fd: number, max = this.#wanted): boolean {
    const bytes = new Uint8Array(Math.min(max, limits.inputBytes));
    try {
      const count = fs.readSync(fd, bytes, 0, bytes.length, null);
      this.#ahead = bytes.subarray(0, count);
      this.#isEnd = count === 0;
      return true;
    } catch (error) {
      if (isHostError(error, "EAGAIN")) {
        if (this.#probeFd === null) this.#probeFd = fd;
        return false;
      }
      if (isHostError(error, "EINTR")) return false;
      // A terminal that is gone, a descriptor closed under us: the guest sees the end.
      if (isHostError(error, "EIO", "EBADF")) return (this.#isEnd = true);
      throw error;
    }
  }

  /**
   * Looks again and again at first, and then waits in the system for what takes long. A signal that arrives just before a
   * read begins does not end it: after this time that is a coincidence, and not what follows from the guest's own output.
   */
  #block(timeoutMs: number): void {
    const end = performance.now() + timeoutMs;
    for (let slice = firstSliceMs; !this.#isReady(); slice *= 2) {
      if (slice > lastSliceMs && timeoutMs === Infinity && this.#ownsProbe && this.#readAhead(this.#fd)) return;
      const left = end - performance.now();
      if (left <= 0) return;
      pause(Math.min(slice, maxSliceMs, left));
    }
  }

  close(): void {
    if (this.#ownsProbe && typeof this.#probeFd === "number" && this.#probeFd !== this.#fd) fs.closeSync(this.#probeFd);
    this.#probeFd = null;
  }
}

/** How long to wait before writing is tried again, ms: twice as long each time, so that a reader that is slow is not asked often. */
const retryMs = { first: 0.05, longest: 20 } as const;

/**
 * A pipe or terminal is opened again without waiting, as for input: a write to one that is full would keep the thread in
 * the system, where neither Ctrl-C nor another guest reaches it.
 */
export class HostOutput implements OutputStream {
  readonly filetype: Filetype;
  readonly ready: WaitSource;
  readonly #fd: number;
  readonly #mayWait: boolean;
  /** The same output, opened again; undefined until needed, null when that does not work. */
  #ownFd: number | null | undefined;
  /** When the host last refused, and how long to leave it alone since, ms. */
  #refusedAt = Number.NEGATIVE_INFINITY;
  #pauseMs: number = retryMs.first;

  constructor(fd: number) {
    const stat = fs.fstatSync(fd);
    this.#fd = fd;
    this.filetype = filetypeOf(fd, stat);
    this.#mayWait = stat.isFIFO() || this.filetype === filetype.characterDevice;
    this.ready = {
      // Whether it could write cannot be asked: trying again is worth it after a moment.
      isReady: () => performance.now() - this.#refusedAt >= this.#pauseMs,
      block: (timeoutMs) => pause(Math.min(timeoutMs, this.#pauseMs)),
    };
  }

  write(buffers: readonly Uint8Array[]): number | undefined {
    const [first, second] = buffers;
    if (first === undefined) return 0;
    try {
      const fd = this.#open();
      const count = second === undefined ? fs.writeSync(fd, first, 0, first.length, null) : fs.writevSync(fd, buffers);
      this.#pauseMs = retryMs.first;
      return count;
    } catch (error) {
      if (!isHostError(error, "EAGAIN")) throw error;
      this.#refusedAt = performance.now();
      this.#pauseMs = Math.min(this.#pauseMs * 2, retryMs.longest);
      return undefined;
    }
  }

  #open(): number {
    if (!this.#mayWait) return this.#fd;
    if (this.#ownFd === undefined) {
      try {
        const { O_WRONLY, O_NONBLOCK, O_NOCTTY } = fs.constants;
        this.#ownFd = fs.openSync(`/proc/self/fd/${this.#fd}`, O_WRONLY | O_NONBLOCK | O_NOCTTY);
      } catch {
        this.#ownFd = null;
      }
    }
    return this.#ownFd ?? this.#fd;
  }

  close(): void {
    if (typeof this.#ownFd === "number") fs.closeSync(this.#ownFd);
    this.#ownFd = null;
  }
}
