/**
 * The errno table of preview1, and how a failing host call becomes one of its rows.
 *
 * Inside the host a call fails by throwing a `Failure` (see `fail`); only `host.ts` turns it into the number the guest
 * sees. Numbers: typenames.witx, `$errno`.
 */

/** Name to number, in the order of the interface file. */
export const errno = {
  SUCCESS: 0,
  "2BIG": 1,
  ACCES: 2,
  ADDRINUSE: 3,
  ADDRNOTAVAIL: 4,
  AFNOSUPPORT: 5,
  AGAIN: 6,
  ALREADY: 7,
  BADF: 8,
  BADMSG: 9,
  BUSY: 10,
  CANCELED: 11,
  CHILD: 12,
  CONNABORTED: 13,
  CONNREFUSED: 14,
  CONNRESET: 15,
  DEADLK: 16,
  DESTADDRREQ: 17,
  DOM: 18,
  DQUOT: 19,
  EXIST: 20,
  FAULT: 21,
  FBIG: 22,
  HOSTUNREACH: 23,
  IDRM: 24,
  ILSEQ: 25,
  INPROGRESS: 26,
  INTR: 27,
  INVAL: 28,
  IO: 29,
  ISCONN: 30,
  ISDIR: 31,
  LOOP: 32,
  MFILE: 33,
  MLINK: 34,
  MSGSIZE: 35,
  MULTIHOP: 36,
  NAMETOOLONG: 37,
  NETDOWN: 38,
  NETRESET: 39,
  NETUNREACH: 40,
  NFILE: 41,
  NOBUFS: 42,
  NODEV: 43,
  NOENT: 44,
  NOEXEC: 45,
  NOLCK: 46,
  NOLINK: 47,
  NOMEM: 48,
  NOMSG: 49,
  NOPROTOOPT: 50,
  NOSPC: 51,
  NOSYS: 52,
  NOTCONN: 53,
  NOTDIR: 54,
  NOTEMPTY: 55,
  NOTRECOVERABLE: 56,
  NOTSOCK: 57,
  NOTSUP: 58,
  NOTTY: 59,
  NXIO: 60,
  OVERFLOW: 61,
  OWNERDEAD: 62,
  PERM: 63,
  PIPE: 64,
  PROTO: 65,
  PROTONOSUPPORT: 66,
  PROTOTYPE: 67,
  RANGE: 68,
  ROFS: 69,
  SPIPE: 70,
  SRCH: 71,
  STALE: 72,
  TIMEDOUT: 73,
  TXTBSY: 74,
  XDEV: 75,
  NOTCAPABLE: 76,
  // Of looking up names: WasmEdge's numbers
  AIADDRFAMILY: 77,
  AIAGAIN: 78,
  AIBADFLAG: 79,
  AIFAIL: 80,
  AIFAMILY: 81,
  AIMEMORY: 82,
  AINODATA: 83,
  AINONAME: 84,
  AISERVICE: 85,
  AISOCKTYPE: 86,
  AISYSTEM: 87,
} as const;

export type ErrnoName = keyof typeof errno;

const names = Object.keys(errno) as ErrnoName[];

/** The name of errno `n`, without the `E`; the number itself when there is no such row. */
export function errnoName(n: number): string {
  return names[n] ?? String(n);
}

/** A host call failed in a way the guest is told about. One object per errno: throwing is cheap. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly errno: number;
  /** As host errors have it, such as "ENOENT". */
  readonly code: string;
  constructor(name: ErrnoName) {
    super(`WASI errno ${name}`);
    this.errno = errno[name];
    this.code = `E${name}`;
  }
}

const failures = new Map<ErrnoName, Failure>();

/** Ends the current host call with errno `name`. */
export function fail(name: ErrnoName): never {
  let failure = failures.get(name);
  if (failure === undefined) {
    failure = new Failure(name);
    failures.set(name, failure);
  }
  throw failure;
}

/** Host spellings that differ from ours by more than the leading `E`. */
const spellings: Readonly<Record<string, ErrnoName>> = {
  ENOTSUP: "NOTSUP",
  EOPNOTSUPP: "NOTSUP",
  EWOULDBLOCK: "AGAIN",
  EHOSTDOWN: "HOSTUNREACH",
  ESHUTDOWN: "PIPE",
  ECHARSET: "ILSEQ",
  EUNKNOWN: "IO",
  UNKNOWN: "IO",
  EREMOTEIO: "IO",
  ENODATA: "NOENT",
  ERR_FS_FILE_TOO_LARGE: "FBIG",
  ERR_INVALID_ARG_VALUE: "INVAL",
  ERR_OUT_OF_RANGE: "INVAL",
};

function nameOf(code: string): ErrnoName | undefined {
  const name = spellings[code] ?? (code.startsWith("E") ? code.slice(1) : code);
  return Object.hasOwn(errno, name) ? (name as ErrnoName) : undefined;
}

/** Ends the current host call as an exception of the host with this `code`, such as "ENOENT", would. */
export function failLike(code: string): never {
  const name = nameOf(code);
  if (name === undefined) throw Object.assign(new Error(code), { code });
  return fail(name);
}

/**
 * The errno for an exception thrown by a host interface, or undefined when it is not one: then it is a bug and must
 * not be hidden from the embedder.
 *
 * @param error  anything; what counts is its string property `code`, such as "ENOENT"
 */
export function errnoOf(error: unknown): number | undefined {
  if (error instanceof Failure) return error.errno;
  const code = error instanceof Error ? (error as { code?: unknown }).code : undefined;
  if (typeof code !== "string") return undefined;
  const name = nameOf(code);
  return name === undefined ? undefined : errno[name];
}

/** True when `error` is a host exception with `code`, such as "EEXIST". */
export function isHostError(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && codes.includes(String((error as { code?: unknown }).code));
}
