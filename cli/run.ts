/**
 * `run`, the package's front door: a module and what it may have, to how it ended.
 *
 * Imports nothing of `node:` by itself, so that the package can be loaded anywhere; files and WASI are loaded when a run
 * needs them.
 */
import type { CodeStore, Imports, TierName, Val } from "../engine/index.ts";
import type {
  AuditEvent,
  HostFiles,
  HostLevel,
  InputStream,
  MountOption,
  NetworkUsage,
  OutputStream,
  Policy,
  QuotaOptions,
  TraceEvent,
} from "../wasi/index.ts";
import {
  type ExecuteOptions,
  type Execution,
  execute,
  type Limits,
  noUsage,
  type Preload,
  type Usage,
} from "./execute.ts";
import type { FeatureSwitches } from "./features.ts";
import type { UnknownImports } from "./link.ts";
import type { RunNetwork } from "./network.ts";
import { type OutcomeKind, type Problem, problemOf, statusOf } from "./outcome.ts";
import type { RunReceipt } from "./receipt.ts";

/** A directory the guest may use. */
export interface RunDir {
  /** Path on the host. */
  readonly host: string;
  /** Path the guest sees. Default: `host`. */
  readonly guest?: string | undefined;
  /** Refuse every change. Default false. */
  readonly readOnly?: boolean | undefined;
}

/** Text or bytes, a host descriptor, a stream of your own; "inherit" is descriptor 0; null is the end of input at once. */
export type RunInput = string | Uint8Array | number | InputStream | null;
/** "capture" collects it in the result; "inherit" is descriptor 1 or 2; a function gets each chunk. */
export type RunOutput = "capture" | "inherit" | number | ((chunk: Uint8Array) => void) | OutputStream | null;

export interface RunOptions {
  /** The guest's arguments, without its name. */
  readonly args?: readonly string[] | undefined;
  /** The guest's own name. Default: the base name of the path, or "main". */
  readonly argv0?: string | undefined;
  /** Default: none; nothing is inherited. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /** Default: none. */
  readonly dirs?: readonly RunDir[] | undefined;
  /** How strongly the guest is kept inside `dirs`. Default: "beneath" on Linux, "nofollow" elsewhere. */
  readonly fsLevel?: HostLevel | undefined;
  /** Who makes the system's calls for `dirs`. Default "auto": the native part where it was built. */
  readonly hostFiles?: HostFiles | undefined;
  /** Other file systems: `MemoryFs`, `OverlayFs`, `TarFs` of `wasmts/wasi`, or one of your own. */
  readonly mounts?: readonly MountOption[] | undefined;
  /** Default: null. */
  readonly stdin?: RunInput | "inherit" | undefined;
  /** Default: "capture". */
  readonly stdout?: RunOutput | undefined;
  readonly stderr?: RunOutput | undefined;
  /** Call this export instead of `_start`. */
  readonly invoke?: { readonly name: string; readonly args?: readonly Val[] } | undefined;
  /** Imports besides WASI; of one name, these win. */
  readonly imports?: Imports | undefined;
  /** Modules instantiated first, by the name they are imported from. Paths or bytes. */
  readonly preload?: Readonly<Record<string, string | Uint8Array>> | undefined;
  /** Imports nobody provides. Default "error". */
  readonly unknownImports?: UnknownImports | undefined;
  /** Proposals switched against their default: `{ threads: true }`. */
  readonly features?: FeatureSwitches | undefined;
  readonly tier?: TierName | undefined;
  /** Where compiled code is kept for other processes: a `CodeCache` of `wasmts/code-cache`. Nothing of it within `dirs`. */
  readonly codeStore?: CodeStore | undefined;
  readonly limits?:
    | (Limits & { /** stdout and stderr together; default 64 MiB. */ readonly outputBytes?: number | undefined })
    | undefined;
  /** Make the run one that can be repeated to the bit; see docs/determinism.md. */
  readonly deterministic?: { /** Default "0". */ readonly seed?: string | undefined } | undefined;
  /** Keep a receipt of the run: `RunResult.receipt`. Default false. */
  readonly receipt?: boolean | undefined;
  /** Sockets. Default: none can be opened. */
  readonly network?: RunNetwork | undefined;
  /** How fast the guest may call and move bytes; what is beyond waits. */
  readonly quotas?: QuotaOptions | undefined;
  /** A bound on what the guest gets of all this; from `parsePolicy` of `wasmts/wasi`. */
  readonly policy?: Policy | undefined;
  /** Told of every grant and denial. */
  readonly onDecision?: ((event: AuditEvent) => void) | undefined;
  /** Told of every WASI call that is over. */
  readonly onCall?: ((event: TraceEvent) => void) | undefined;
}

/** How a run ended. `usage` counts instructions exactly. */
export interface RunResult {
  readonly kind: OutcomeKind;
  /** What the guest ended with, 0 to 2^32-1; if it did not end by itself, the exit status the command line would give. */
  readonly code: number;
  /** When captured. Decoded as UTF-8; the bytes are beside it. */
  readonly stdout?: string;
  readonly stdoutBytes?: Uint8Array;
  readonly stderr?: string;
  readonly stderrBytes?: Uint8Array;
  /** Of `invoke`. */
  readonly results?: readonly Val[];
  /** When kind is "trap" or "exhausted". */
  readonly trap?: { readonly code: string; readonly message: string };
  /** Guest functions at a trap, innermost first. */
  readonly backtrace?: Problem["backtrace"];
  /** When kind is not "exit". */
  readonly problem?: Problem;
  readonly usage: Usage;
  /** When it was asked for and the guest was instantiated. */
  readonly receipt?: RunReceipt;
  /** What its sockets carried, for a guest that could have any. */
  readonly network?: NetworkUsage;
}

const defaultOutputBytes = 64 * 2 ** 20;

/**
 * Runs a WASI program, or calls one export, on this thread, to its end. With imports of its own, which may return
 * promises, or with `limits.signal` it runs in turns of about 10 ms, between which the event loop does other things.
 *
 * Whatever the module does is a result, not an exception: exits, traps, a module that is not valid, a file that is not
 * there.
 *
 * @param module bytes, or the path of a file
 * @throws TypeError for options of a wrong type
 * @throws Error for a bug in wasmts
 *
 * @example
 * const { kind, code, stdout } = await run("app.wasm", { args: ["x"], dirs: [{ host: ".", guest: "/", readOnly: true }] });
 */
export async function run(module: Uint8Array | string, options: RunOptions = {}): Promise<RunResult> {
  if (!(module instanceof Uint8Array) && typeof module !== "string")
    throw new TypeError("run: a path or a Uint8Array expected");
  const stdout = new Output(options.stdout, 1);
  const stderr = new Output(options.stderr, 2);
  const execution = await attempt(module, options, stdout, stderr);
  if (execution.kind === "internal") throw execution.error;
  return resultOf(execution, stdout, stderr);
}

async function attempt(
  module: Uint8Array | string,
  options: RunOptions,
  stdout: Output,
  stderr: Output,
): Promise<Execution> {
  let prepared: ExecuteOptions;
  try {
    prepared = await prepare(module, options, stdout, stderr);
  } catch (error) {
    const problem = problemOf(error);
    return { kind: problem.kind, problem, error, usage: noUsage };
  }
  return execute(prepared);
}

async function prepare(
  module: Uint8Array | string,
  options: RunOptions,
  stdout: Output,
  stderr: Output,
): Promise<ExecuteOptions> {
  const isPath = typeof module === "string";
  const { dirs = [], limits = {}, invoke } = options;
  return {
    file: isPath ? module : "module",
    bytes: await bytesOf(module),
    wasi: {
      args: [options.argv0 ?? (isPath ? (module.split(/[\\/]/).at(-1) ?? module) : "main"), ...(options.args ?? [])],
      env: options.env ?? {},
      dirs: dirs.map(({ host, guest = host, readOnly = false }) => ({ host, guest, readOnly })),
      fsLevel: options.fsLevel,
      hostFiles: options.hostFiles,
      policy: options.policy,
      audit: options.onDecision,
      mounts: options.mounts,
      stdin: inputOf(options.stdin),
      stdout: stdout.target,
      stderr: stderr.target,
      isTerminalSafe: true,
      maxOutputBytes: limits.outputBytes ?? defaultOutputBytes,
      trace: options.onCall,
      deterministic: options.deterministic,
      receipt: options.receipt,
      quotas: options.quotas,
    },
    // Without rules every attempt is ACCES; the functions are there, so that the guest links.
    network: (await import("./network.ts")).networkOf(options.network ?? {}),
    loadWasi: () => import("./wasi-host.ts"),
    loadHeapGauge: async () => (await import("./heap-gauge.ts")).heapGauge,
    imports: options.imports,
    preloads: await preloadsOf(options.preload ?? {}),
    unknownImports: options.unknownImports,
    features: { on: options.features ?? {}, off: new Map() },
    tier: options.tier,
    codeStore: options.codeStore,
    limits,
    inTurns: limits.signal !== undefined || limits.cpuShare !== undefined || options.imports !== undefined,
    invoke: invoke && { name: invoke.name, args: invoke.args ?? [] },
  };
}

async function bytesOf(module: Uint8Array | string): Promise<Uint8Array> {
  return typeof module === "string" ? (await import("./read-module.ts")).readModule(module) : module;
}

async function preloadsOf(modules: Readonly<Record<string, string | Uint8Array>>): Promise<Preload[]> {
  const preloads: Preload[] = [];
  for (const [name, module] of Object.entries(modules)) {
    preloads.push({ name, file: typeof module === "string" ? module : name, bytes: await bytesOf(module) });
  }
  return preloads;
}

function inputOf(input: RunOptions["stdin"]): Uint8Array | number | InputStream | null {
  if (input === "inherit") return 0;
  if (typeof input === "string") return new TextEncoder().encode(input);
  return input ?? new Uint8Array(0);
}

/** Where one of the guest's output streams goes. */
class Output {
  readonly target: Exclude<RunOutput, string>;
  private readonly chunks: Uint8Array[] | undefined;

  constructor(output: RunOutput = "capture", inherited: number) {
    const chunks: Uint8Array[] | undefined = output === "capture" ? [] : undefined;
    this.chunks = chunks;
    if (chunks !== undefined) this.target = (chunk) => void chunks.push(chunk);
    else this.target = output === "inherit" ? inherited : (output as Exclude<RunOutput, string>);
  }

  captured(): Uint8Array | undefined {
    if (this.chunks === undefined) return undefined;
    const whole = new Uint8Array(this.chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.chunks) {
      whole.set(chunk, at);
      at += chunk.length;
    }
    return whole;
  }
}

function resultOf(
  { kind, exitCode, problem, results, usage, receipt, network }: Execution,
  stdout: Output,
  stderr: Output,
): RunResult {
  const out = stdout.captured();
  const err = stderr.captured();
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
  return {
    kind,
    code: exitCode ?? (problem === undefined ? 0 : statusOf(problem, globalThis.process?.platform ?? "")),
    ...(out === undefined ? {} : { stdout: decode(out), stdoutBytes: out }),
    ...(err === undefined ? {} : { stderr: decode(err), stderrBytes: err }),
    ...(results === undefined ? {} : { results: results.map(({ value }) => value) }),
    ...(kind === "trap" || kind === "exhausted"
      ? { trap: { code: problem!.code, message: problem!.message }, backtrace: problem!.backtrace }
      : {}),
    ...(problem === undefined ? {} : { problem }),
    usage,
    ...(receipt === undefined ? {} : { receipt }),
    ...(network === undefined ? {} : { network }),
  };
}
