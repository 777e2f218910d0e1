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
    explanation:
      "maxFds must be at least 3 plus the number of mounts, maxOutputBytes and maxHostBytes must not be negative, and each of the quotas is a number above 0.",
    example: 'new WASI({ version: "preview1", maxFds: 0 })',
  },
  WT6009: {
    title: "tar archive that cannot be mounted",
    explanation:
      "The archive is damaged, compressed, of a form that is not read, or has members that would lead outside: absolute names, '..', names through links, hard links to what is not there. The message has the member and the byte where it begins.",
    example: 'new TarFs(readFileSync("image.tar.gz"))   // gunzip it first',
  },
  WT6010: {
    title: "the saved state of a WASI host is malformed",
    explanation:
      "A snapshot has a section with the descriptors, clocks and streams of its guest. Something in it is not what wasmts writes, or is out of range; the message has the place. Nothing of it was restored.",
    example: 'wasi.state.prepare(new TextEncoder().encode("{}"))',
  },
  WT6011: {
    title: "the guest has something open that cannot be saved",
    explanation:
      'Files and directories are saved by the mount and the names that lead to them, standard streams by their name. A named pipe has neither contents nor a place that could be saved, and a file that was deleted or moved away by others cannot be found again. The option onUnsaved: "close" saves without such descriptors: the restored guest finds them closed.',
    example: "a guest that unlinks a file it goes on reading, and is saved meanwhile",
  },
  WT6012: {
    title: "a directory the saved guest had is not mounted",
    explanation:
      "A guest that is restored must be given the same directories, by the names it knows them by. They may be elsewhere on the host.",
    example: "saved with --dir data:/data, restored without it",
  },
  WT6013: {
    title: "a file or directory the saved guest had open cannot be opened again",
    explanation:
      "It is looked up below its mount, under the name it had, by the same rules as every path of a guest. It is not there any more, is of another type, or may not be opened as it was: because of its permissions, or in a mount that is now read-only.",
    example: "rm data/log.txt between the snapshot and its restore",
  },
  WT6014: {
    title: "a file the saved guest had open has changed",
    explanation:
      "Its size or time of modification is not what it was when the guest was saved, and a guest that goes on in the middle of a file counts on that. The option allowChangedFiles restores it all the same.",
    example: "echo more >> data/log.txt between the snapshot and its restore",
  },
  WT6015: {
    title: "the host does not fit the saved guest",
    explanation:
      "A guest is restored in a host of the same kind: the same version of WASI, enough descriptors, virtual time and seeded random numbers exactly if it had them, and a receipt only if one was kept from its beginning.",
    example: "saved with --deterministic, restored without it",
  },
  WT6016: {
    title: "policy that cannot be used",
    explanation:
      "A policy is a JSON document as docs/policy.schema.json describes it. Keys it does not know are refused too, since a misspelt one would look like a rule and be none. The message has the place of what is wrong.",
    example: 'parsePolicy({ version: 1, paths: [{ path: "/data/**", allow: ["reed"] }] })',
  },
  WT6017: {
    title: "the policy does not allow what the guest is to be given",
    explanation:
      "Every mount must be in the policy, and be kept at least as strongly as the policy wants. A mount that the policy has as read-only is one, whatever else is asked for; variables that are not in the policy are left out.",
    example: 'wasmts --policy p.json --dir /:/host app.wasm   # and p.json has no mount "/host"',
  },
  WT6018: {
    title: "the I/O thread of a guest's network has ended",
    explanation:
      "The sockets of a BlockingNetwork are in a thread of their own. That thread has failed, was out of memory, or has not answered for some ten seconds; with it all sockets of the guest are gone, so the guest is ended.",
    example: "new BlockingNetwork() in a process that has no memory left for another thread",
  },
  WT6019: {
    title: "a call waits for what needs the event loop of the thread that it blocks",
    explanation:
      "A guest that is called synchronously blocks its thread while it waits, and then no promise of that thread is settled and no socket of a NodeNetwork has anything. Give such a guest a BlockingNetwork and a decide that answers at once, or run it with WASI.startAsync, or Instance.invokeAsync.",
    example:
      "new WASI({ ..., network: { network: new BlockingNetwork(), rules, decide: async () => true } }).start(instance)",
  },
  WT6020: {
    title: "no native part for files of the host",
    explanation:
      "It was asked for by name, and is not there: it is made from source where there is a C compiler, for Linux only, and is never needed. Without being asked for by name it is used where it is there, with the same results, and faster.",
    example: "wasmts --host-files native --dir . app.wasm   # before npm run build:native",
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
