/**
 * What is wrong with a configuration of the host: the class, and what each code means.
 *
 * These are mistakes of the embedder or of a command line, told before a guest runs. A guest's own mistakes are errnos.
 */

export interface ErrorCode {
  readonly title: string;
  readonly explanation: string;
  readonly example: string;
}

/** Code to meaning; `wasmts explain CODE` prints a row. */
export const wasiErrorCodes = {
  WT6001: {
    title: "directory to mount does not exist",
    explanation: "A directory given to the guest must exist on the host when the guest starts. It is not created.",
    example: 'new WASI({ version: "preview1", dirs: [{ host: "./missing", guest: "/data" }] })',
  },
  WT6002: {
    title: "what should be mounted is not a directory",
    explanation: "Only directories can be given to a guest. Mount the directory that holds the file.",
    example: 'dirs: [{ host: "./package.json", guest: "/p" }]   // use { host: ".", guest: "/p", readOnly: true }',
  },
  WT6003: {
    title: "two mounts have the same guest path",
    explanation: "A guest could reach only one of them. Trailing slashes do not make a difference.",
    example: 'dirs: [{ host: "a", guest: "/x" }, { host: "b", guest: "/x/" }]',
  },
  WT6004: {
    title: "argument, variable or guest path has a NUL or is malformed",
    explanation:
      "Guests receive NUL-terminated strings: none of them may contain a NUL. Names of variables may not be empty or contain '='.",
    example: 'new WASI({ version: "preview1", args: ["a\\0b"] })',
  },
  WT6005: {
    title: "the system does not give the sandbox level that is asked for",
    explanation:
      "There are three levels for directories of the host. 'beneath' walks paths over directory handles, which from JavaScript needs Linux with /proc mounted; nobody who renames files meanwhile can lead a guest outside. 'nofollow' looks at every directory by its path before it uses it; a guest alone stays inside. 'lexical' is no boundary. Less than what is asked for is never given in its place.",
    example: "wasmts --fs-level beneath --dir . app.wasm   # on macOS, or in a chroot without /proc",
  },
  WT6006: {
    title: "directory to mount cannot be opened",
    explanation: "The host refused to open it; the message has the host's reason.",
    example: 'dirs: [{ host: "/root", guest: "/data" }]   // as another user: EACCES',
  },
  WT6007: {
    title: "unusable stream for stdin, stdout or stderr",
    explanation:
      "A stream is a host file descriptor (a number), bytes or a callback, a stream object, or null for none.",
    example: 'new WASI({ version: "preview1", stdout: "out.txt" })   // open it, pass the number',
  },
  WT6008: {
    title: "limit out of range",
    explanation: "maxFds must be at least 3 plus the number of mounts, maxOutputBytes must not be negative.",
    example: 'new WASI({ version: "preview1", maxFds: 0 })',
  },
  WT6009: {
    title: "tar archive that cannot be mounted",
    explanation:
      "The archive is damaged, compressed, of a form that is not read, or has members that would lead outside: absolute names, '..', names through links, hard links to what is not there. The message has the member and the byte where it begins.",
    example: 'new TarFs(readFileSync("image.tar.gz"))   // gunzip it first',
  },
} as const satisfies Record<`WT6${number}`, ErrorCode>;

export type WasiErrorCode = keyof typeof wasiErrorCodes;

/** A configuration the host cannot work with. */
export class WasiError extends Error {
  override readonly name = "WasiError";
  /** Row of `wasiErrorCodes`; for the options of `node:wasi`, the code that `node:wasi` uses. */
  readonly code: string;
  /** Always a row of `wasiErrorCodes`. */
  readonly wtCode: WasiErrorCode;
  /** What to do about it. One sentence. */
  readonly hint: string | undefined;

  constructor(code: WasiErrorCode, message: string, more: { hint?: string; nodeCode?: string; cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.code = more.nodeCode ?? code;
    this.wtCode = code;
    this.hint = more.hint;
  }
}
