/**
 * The options of the `WASI` class: what `node:wasi` takes, checked as it checks them, and what it lacks.
 */
import { codedError, typeError } from "../coded-error.ts";
import { WasiError } from "../error-codes.ts";
import type { MountOption } from "../mounts.ts";
import {
  checkLimits,
  checkVersion,
  type GuestOptions,
  type StreamInput,
  type StreamOutput,
  streamInput,
  streamOutput,
} from "../options.ts";
import type { InputStream, OutputStream } from "../streams.ts";
import { HostFs, type HostLevel } from "./host-fs.ts";
import type { HostFiles } from "./native-files.ts";
import { HostInput, HostOutput } from "./stdio.ts";

/** A host descriptor, bytes, a stream of your own, or null for none. */
export type InputOption = number | StreamInput;
/** A host descriptor, a function that gets each chunk, a stream of your own, or null for none. */
export type OutputOption = number | StreamOutput;

/** A directory of the host for the guest. */
export interface DirOption {
  /** Path on the host, which may have symlinks. */
  readonly host: string;
  /** Path the guest sees, usually absolute. */
  readonly guest: string;
  /** Refuse every change below it with ROFS. */
  readonly readOnly?: boolean | undefined;
}

export interface WasiOptions extends GuestOptions {
  /** Guest path to host path, as in node:wasi. */
  readonly preopens?: Readonly<Record<string, string>> | undefined;
  /** Directories, after those of `preopens`. */
  readonly dirs?: readonly DirOption[] | undefined;
  /** How strongly the guest is kept inside `preopens` and `dirs`. Default: `beneath` on Linux, `nofollow` elsewhere. */
  readonly fsLevel?: HostLevel | undefined;
  /** Who makes the system's calls for `preopens` and `dirs`, at level `beneath`: "auto" (default), "native" or "portable". */
  readonly hostFiles?: HostFiles | undefined;
  /** True (default): `start` returns the exit code. False: the process exits with it, within proc_exit of `wasiImport`. */
  readonly returnOnExit?: boolean | undefined;
  /** Default 0. */
  readonly stdin?: InputOption | undefined;
  /** Default 1. */
  readonly stdout?: OutputOption | undefined;
  /** Default 2. */
  readonly stderr?: OutputOption | undefined;
}

const isObject = (x: unknown): x is object => typeof x === "object" && x !== null && !Array.isArray(x);

/** Types and ranges as node:wasi checks them, in its order. @throws TypeError, RangeError */
export function checkOptions(options: unknown): asserts options is WasiOptions {
  if (options !== undefined && !isObject(options))
    throw typeError('The "options" argument must be of type object', options);
  const o = (options ?? {}) as Record<string, unknown>;
  if (typeof o.version !== "string")
    throw typeError('The "options.version" property must be of type string', o.version);
  checkVersion(o.version);
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

/** `preopens`, `dirs` and `mounts` as one list. */
export function mountsOf(options: WasiOptions): MountOption[] {
  const { preopens = {}, dirs = [], mounts = [], fsLevel: level, hostFiles } = options;
  const named = Object.entries(preopens).map(([guest, host]) => ({
    guest,
    fs: new HostFs(String(host), { level, hostFiles, guest, nodeCode: "UVWASI" }),
  }));
  const hosts = dirs.map(({ host, guest, readOnly }) => ({
    guest,
    readOnly,
    fs: new HostFs(host, { level, hostFiles, guest }),
  }));
  return [...named, ...hosts, ...mounts];
}

/** @throws WasiError WT6007 */
export function inputOf(option: InputOption = 0): InputStream | undefined {
  return typeof option === "number" ? openStream("stdin", () => new HostInput(option)) : streamInput(option);
}

/** @throws WasiError WT6007 */
export function outputOf(
  name: "stdout" | "stderr",
  option: OutputOption = name === "stdout" ? 1 : 2,
): OutputStream | undefined {
  return typeof option === "number" ? openStream(name, () => new HostOutput(option)) : streamOutput(name, option);
}

function openStream<S>(name: string, open: () => S): S {
  try {
    return open();
  } catch (cause) {
    throw new WasiError("WT6007", `${name} is not an open descriptor: ${(cause as Error).message}`, { cause });
  }
}
