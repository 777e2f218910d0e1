/**
 * The options of the `WASI` class: what `node:wasi` takes, checked as it checks them, and what it lacks.
 */
import type { Runner } from "../../engine/index.ts";
import { type Abi, filetype, preview1, unstable } from "../abi.ts";
import { codedError, typeError } from "../coded-error.ts";
import type { Clock, Random } from "../context.ts";
import { WasiError } from "../error-codes.ts";
import { neutralisedOutput } from "../escapes.ts";
import type { Audit } from "../guard.ts";
import { type QuotaOptions, rates } from "../io-meter.ts";
import type { Trace } from "../log.ts";
import type { MountOption } from "../mounts.ts";
import type { NetworkDecider } from "../net/permission.ts";
import type { Network, Socket } from "../net/socket.ts";
import type { NetworkPolicy } from "../network-rules.ts";
import type { Policy } from "../policy.ts";
import type { StateOptions } from "../state.ts";
import {
  bytesInput,
  callbackOutput,
  exitingOutput,
  type InputStream,
  limitedOutput,
  type OutputBudget,
  type OutputStream,
} from "../streams.ts";
import { HostFs, type HostLevel } from "./host-fs.ts";
import { HostInput, HostOutput } from "./stdio.ts";

/** A host descriptor, bytes, a stream of your own, or null for none. */
export type InputOption = number | Uint8Array | InputStream | null;
/** A host descriptor, a function that gets each chunk, a stream of your own, or null for none. */
export type OutputOption = number | ((chunk: Uint8Array) => void) | OutputStream | null;

/** A directory of the host for the guest. */
export interface DirOption {
  /** Path on the host, which may have symlinks. */
  readonly host: string;
  /** Path the guest sees, usually absolute. */
  readonly guest: string;
  /** Refuse every change below it with ROFS. */
  readonly readOnly?: boolean | undefined;
}

export interface NetworkOptions {
  /** `new NodeNetwork()` for a guest that can be suspended, `new BlockingNetwork()` for one that blocks its thread. */
  readonly network: Network;
  /** Where the guest may listen and connect to, and what it may look up. */
  readonly rules: NetworkPolicy;
  /** Asked about what the rules allow. A guest that blocks its thread cannot wait for a promise: WT6019. */
  readonly decide?: NetworkDecider | undefined;
  /** Descriptors 3, 4, ...: sockets that listen already (`listener` and `inherited` of the network). */
  readonly listeners?: readonly Socket[] | undefined;
}

export interface WasiOptions {
  readonly version: "preview1" | "unstable";
  /** Strings are passed as UTF-8. The first is the program's name. */
  readonly args?: readonly (string | Uint8Array)[] | undefined;
  /** Variables with the value undefined are left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** Guest path to host path, as in node:wasi. */
  readonly preopens?: Readonly<Record<string, string>> | undefined;
  /** Directories, after those of `preopens`. */
  readonly dirs?: readonly DirOption[] | undefined;
  /** How strongly the guest is kept inside `preopens` and `dirs`. Default: `beneath` on Linux, `nofollow` elsewhere. */
  readonly fsLevel?: HostLevel | undefined;
  /** File systems of any kind, after those of `dirs`. */
  readonly mounts?: readonly MountOption[] | undefined;
  /** True (default): `start` returns the exit code. False: the process exits with it. */
  readonly returnOnExit?: boolean | undefined;
  /** Default 0. */
  readonly stdin?: InputOption | undefined;
  /** Default 1. */
  readonly stdout?: OutputOption | undefined;
  /** Default 2. */
  readonly stderr?: OutputOption | undefined;
  /** Bytes that stdout and stderr take together; what is beyond is FBIG. Default: no limit. */
  readonly maxOutputBytes?: number | undefined;
  /** Make control characters visible: always, or where the output is a terminal. Default false. */
  readonly neutraliseEscapes?: boolean | "terminal" | undefined;
  /** Sockets for the guest. Default: every attempt to open one is ACCES. */
  readonly network?: NetworkOptions | undefined;
  /** How fast the guest may go; calls beyond wait. Default: no limit. */
  readonly quotas?: QuotaOptions | undefined;
  /** Host memory that may be held for the guest's listings; what needs more is NOMEM. Default: `limits.listingBytes`. */
  readonly maxHostBytes?: number | undefined;
  /**
   * What a write to stdout or stderr does when nobody reads from it any more: fail with PIPE, or end the guest with 141.
   * Default "errno".
   */
  readonly brokenPipe?: "errno" | "exit" | undefined;
  /** Null: the guest has no clock and cannot sleep. Default: the system's. */
  readonly clock?: Clock | null | undefined;
  /** Null: the guest has no randomness. Default: the system's. */
  readonly random?: Random | null | undefined;
  /**
   * Make the run one that can be repeated to the bit: virtual time, random numbers from the seed (default "0"), listings
   * in order, attributes of files that do not depend on the disk. Takes the place of `clock` and `random`, but for null.
   */
  readonly deterministic?: { readonly seed?: string | undefined } | undefined;
  /** A bound on what the guest gets of all this; see `parsePolicy`. Default: none. */
  readonly policy?: Policy | undefined;
  /** Told of every grant and denial; a `Learner` makes a policy of them. */
  readonly audit?: Audit | undefined;
  /** Keep a receipt of all calls: `WASI.receipt`. Default false. */
  readonly receipt?: boolean | undefined;
  /** Open descriptors at once; default `limits.fds`. */
  readonly maxFds?: number | undefined;
  /** Told of every host call that is over; see `formatTrace`. */
  readonly trace?: Trace | undefined;
  /** How the host is saved and restored with its guest; see `WASI.state`. */
  readonly state?: StateOptions | undefined;
  /** How host calls wait when the engine cannot suspend the guest. Default `blockThread`. */
  readonly runner?: Runner | undefined;
}

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null;

/** Types and ranges as node:wasi checks them, in its order. @throws TypeError, RangeError */
export function checkOptions(options: unknown): asserts options is WasiOptions {
  if (!isObject(options)) throw typeError('The "options" argument must be of type object', options);
  const o = options as Record<string, unknown>;
  if (typeof o.version !== "string")
    throw typeError('The "options.version" property must be of type string', o.version);
  if (o.version !== "preview1" && o.version !== "unstable") {
    const message = `The property 'options.version' unsupported WASI version. Received '${o.version}'`;
    throw codedError(TypeError, "ERR_INVALID_ARG_VALUE", message);
  }
  if (o.args !== undefined && !Array.isArray(o.args)) {
    throw typeError('The "options.args" property must be an instance of Array', o.args);
  }
  for (const name of ["env", "preopens"]) {
    if (o[name] !== undefined && !isObject(o[name])) {
      throw typeError(`The "options.${name}" property must be of type object`, o[name]);
    }
  }
  for (const name of ["stdin", "stdout", "stderr"]) checkFd(name, o[name]);
  if (o.returnOnExit !== undefined && typeof o.returnOnExit !== "boolean") {
    throw typeError('The "options.returnOnExit" property must be of type boolean', o.returnOnExit);
  }
  checkLimits(o);
}

function checkFd(name: string, fd: unknown): void {
  if (typeof fd === "number" && (!Number.isInteger(fd) || fd < 0 || fd > 0x7fff_ffff)) {
    const range = Number.isInteger(fd) ? ">= 0 && <= 2147483647" : "an integer";
    const message = `The value of "options.${name}" is out of range. It must be ${range}. Received ${fd}`;
    throw codedError(RangeError, "ERR_OUT_OF_RANGE", message);
  }
}

const minima = { maxFds: 3, maxOutputBytes: 0, maxHostBytes: 0 } as const;

function checkLimits(options: Record<string, unknown>): void {
  for (const [name, min] of Object.entries(minima)) {
    const value = options[name];
    if (value === undefined || (typeof value === "number" && value >= min)) continue;
    throw new WasiError("WT6008", `${name} must be a number of at least ${min}; it is ${String(value)}`);
  }
  const quotas = (options.quotas ?? {}) as Record<string, unknown>;
  for (const name of [...rates, "burstSeconds"]) {
    const value = quotas[name];
    if (value === undefined || (typeof value === "number" && value > 0 && Number.isFinite(value))) continue;
    throw new WasiError("WT6008", `quotas.${name} must be a number above 0; it is ${String(value)}`);
  }
}

export const abiOf = (version: WasiOptions["version"]): Abi => (version === "unstable" ? unstable : preview1);

/** @throws WasiError WT6004 for a NUL */
export function argBytes(args: WasiOptions["args"] = []): Uint8Array[] {
  return args.map((arg) =>
    cString(arg instanceof Uint8Array ? Uint8Array.from(arg) : Buffer.from(String(arg)), "argument"),
  );
}

/** `NAME=value` for each variable. @throws WasiError WT6004 */
export function envBytes(env: WasiOptions["env"] = {}): Uint8Array[] {
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return set.map(([name, value]) => {
    if (name === "" || name.includes("=")) {
      throw new WasiError("WT6004", `bad name of an environment variable: ${JSON.stringify(name)}`);
    }
    return cString(Buffer.from(`${name}=${String(value)}`), "environment variable");
  });
}

function cString(bytes: Uint8Array, what: string): Uint8Array {
  if (!bytes.includes(0)) return bytes;
  throw new WasiError("WT6004", `${what} contains a NUL: ${JSON.stringify(Buffer.from(bytes).toString())}`);
}

/** `preopens`, `dirs` and `mounts` as one list. */
export function mountsOf({ preopens = {}, dirs = [], mounts = [], fsLevel: level }: WasiOptions): MountOption[] {
  const named = Object.entries(preopens).map(([guest, host]) => ({
    guest,
    fs: new HostFs(String(host), { level, guest, nodeCode: "UVWASI" }),
  }));
  const hosts = dirs.map(({ host, guest, readOnly }) => ({ guest, readOnly, fs: new HostFs(host, { level, guest }) }));
  return [...named, ...hosts, ...mounts];
}

/** @throws WasiError WT6007 */
export function inputOf(option: InputOption | undefined): InputStream | undefined {
  if (option === null) return undefined;
  if (typeof option === "number" || option === undefined) return openStream("stdin", () => new HostInput(option ?? 0));
  if (option instanceof Uint8Array) return bytesInput(option);
  if (isObject(option) && typeof option.read === "function") return option;
  throw unusable("stdin", option);
}

/** @throws WasiError WT6007 */
export function outputOf(
  name: "stdout" | "stderr",
  options: WasiOptions,
  budget: OutputBudget,
): OutputStream | undefined {
  const stream = plainOutput(name, options[name]);
  if (stream === undefined) return undefined;
  const { neutraliseEscapes } = options;
  const isTerminal = stream.filetype === filetype.characterDevice;
  const isUnsafe = neutraliseEscapes === true || (neutraliseEscapes === "terminal" && isTerminal);
  const safe = isUnsafe ? neutralisedOutput(stream) : stream;
  return limitedOutput(options.brokenPipe === "exit" ? exitingOutput(safe) : safe, budget);
}

function plainOutput(name: "stdout" | "stderr", option: OutputOption | undefined): OutputStream | undefined {
  if (option === null) return undefined;
  if (typeof option === "number" || option === undefined) {
    return openStream(name, () => new HostOutput(option ?? (name === "stdout" ? 1 : 2)));
  }
  if (typeof option === "function") return callbackOutput(option);
  if (isObject(option) && typeof option.write === "function") return option;
  throw unusable(name, option);
}

function openStream<S>(name: string, open: () => S): S {
  try {
    return open();
  } catch (cause) {
    throw new WasiError("WT6007", `${name} is not an open descriptor: ${(cause as Error).message}`, { cause });
  }
}

const unusable = (name: string, option: unknown): WasiError =>
  new WasiError("WT6007", `${name} is neither a descriptor nor a stream: ${typeof option}`, {
    nodeCode: "ERR_INVALID_ARG_TYPE",
  });
