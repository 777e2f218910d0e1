/**
 * What a guest is given, wherever its host runs: the options that the `WASI` classes of Node.js and of browsers have in
 * common, and what becomes of them.
 */
import type { Runner } from "../engine/index.ts";
import { type Abi, filetype, preview1, unstable } from "./abi.ts";
import { codedError } from "./coded-error.ts";
import type { Clock, Random } from "./context.ts";
import { WasiError } from "./error-codes.ts";
import { neutralisedOutput } from "./escapes.ts";
import type { Audit } from "./guard.ts";
import { type QuotaOptions, rates } from "./io-meter.ts";
import type { Trace } from "./log.ts";
import type { MountOption } from "./mounts.ts";
import type { NetworkDecider } from "./net/permission.ts";
import type { Network, Socket } from "./net/socket.ts";
import type { NetworkPolicy } from "./network-rules.ts";
import type { Policy } from "./policy.ts";
import type { StateOptions } from "./state.ts";
import {
  bytesInput,
  callbackOutput,
  exitingOutput,
  type InputStream,
  limitedOutput,
  type OutputBudget,
  type OutputStream,
} from "./streams.ts";

/** Bytes, a stream of your own, or null for none. */
export type StreamInput = Uint8Array | InputStream | null;
/** A function that gets each chunk, a stream of your own, or null for none. */
export type StreamOutput = ((chunk: Uint8Array) => void) | OutputStream | null;

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

export interface GuestOptions {
  readonly version: "preview1" | "unstable";
  /** Strings are passed as UTF-8. The first is the program's name. */
  readonly args?: readonly (string | Uint8Array)[] | undefined;
  /** Variables with the value undefined are left out. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
  /** File systems of any kind. */
  readonly mounts?: readonly MountOption[] | undefined;
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
  /** How host calls wait when the engine cannot suspend the guest. Default: the thread sleeps. */
  readonly runner?: Runner | undefined;
}

const utf8 = new TextEncoder();

/** @throws TypeError with the code of node:wasi */
export function checkVersion(version: string): asserts version is GuestOptions["version"] {
  if (version === "preview1" || version === "unstable") return;
  const message = `The property 'options.version' unsupported WASI version. Received '${version}'`;
  throw codedError(TypeError, "ERR_INVALID_ARG_VALUE", message);
}

const minima = { maxFds: 3, maxOutputBytes: 0, maxHostBytes: 0 } as const;

/** @throws WasiError WT6008 */
export function checkLimits(options: Record<string, unknown>): void {
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

export const abiOf = (version: GuestOptions["version"]): Abi => (version === "unstable" ? unstable : preview1);

/** @throws WasiError WT6004 for a NUL */
export function argBytes(args: GuestOptions["args"] = []): Uint8Array[] {
  return args.map((arg) =>
    cString(arg instanceof Uint8Array ? Uint8Array.from(arg) : utf8.encode(String(arg)), "argument"),
  );
}

/** `NAME=value` for each variable. @throws WasiError WT6004 */
export function envBytes(env: GuestOptions["env"] = {}): Uint8Array[] {
  const set = Object.entries(env).filter(([, value]) => value !== undefined);
  return set.map(([name, value]) => {
    if (name === "" || name.includes("=")) {
      throw new WasiError("WT6004", `bad name of an environment variable: ${JSON.stringify(name)}`);
    }
    return cString(utf8.encode(`${name}=${value}`), "environment variable");
  });
}

function cString(bytes: Uint8Array, what: string): Uint8Array {
  if (!bytes.includes(0)) return bytes;
  throw new WasiError("WT6004", `${what} contains a NUL: ${JSON.stringify(new TextDecoder().decode(bytes))}`);
}

/** @throws WasiError WT6007 */
export function streamInput(option: StreamInput): InputStream | undefined {
  if (option === null) return undefined;
  if (option instanceof Uint8Array) return bytesInput(option);
  if (typeof option === "object" && typeof option.read === "function") return option;
  throw unusable("stdin", option);
}

/** @throws WasiError WT6007 */
export function streamOutput(name: "stdout" | "stderr", option: StreamOutput): OutputStream | undefined {
  if (option === null) return undefined;
  if (typeof option === "function") return callbackOutput(option);
  if (typeof option === "object" && typeof option.write === "function") return option;
  throw unusable(name, option);
}

const unusable = (name: string, option: unknown): WasiError =>
  new WasiError("WT6007", `${name} is neither a descriptor nor a stream: ${typeof option}`, {
    nodeCode: "ERR_INVALID_ARG_TYPE",
  });

/** An output as the guest gets it: what acts on terminals made visible, its bytes counted. */
export function guardedOutput(
  stream: OutputStream | undefined,
  { neutraliseEscapes, brokenPipe }: GuestOptions,
  budget: OutputBudget,
): OutputStream | undefined {
  if (stream === undefined) return undefined;
  const isTerminal = stream.filetype === filetype.characterDevice;
  const isUnsafe = neutraliseEscapes === true || (neutraliseEscapes === "terminal" && isTerminal);
  const safe = isUnsafe ? neutralisedOutput(stream) : stream;
  return limitedOutput(brokenPipe === "exit" ? exitingOutput(safe) : safe, budget);
}
