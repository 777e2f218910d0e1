/** The WASI host of one instance, made from the settings of a run. The one place that knows the class `WASI`. */
import { type Extern, type Import, type Imports, type Instance, MemInst, type Module } from "../engine/index.ts";

export { blockThread, Receipt, ThreadGroup } from "../wasi/index.ts";

import {
  BlockingNetwork,
  type CallName,
  calls,
  formatTrace,
  type InputOption,
  isImportable,
  type MountOption,
  type NetworkOptions,
  NodeNetwork,
  type OutputOption,
  type QuotaOptions,
  type Socket,
  type TraceEvent,
  WASI,
  type WasiOptions,
} from "../wasi/index.ts";
import { cannotListen, type NetworkSettings } from "./network.ts";
import { badValue } from "./units.ts";

/** What a guest is given; the same for every instance of a run. */
export interface WasiSettings {
  /** The first is the program's name. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly dirs: readonly { readonly host: string; readonly guest: string; readonly readOnly: boolean }[];
  readonly fsLevel?: WasiOptions["fsLevel"];
  readonly hostFiles?: WasiOptions["hostFiles"];
  /** File systems of other kinds; the same ones for every instance. */
  readonly mounts?: readonly MountOption[] | undefined;
  readonly stdin: InputOption;
  readonly stdout: OutputOption;
  readonly stderr: OutputOption;
  readonly maxOutputBytes?: number | undefined;
  /** Control characters in output that goes to a terminal are made visible. */
  readonly isTerminalSafe: boolean;
  readonly brokenPipe?: WasiOptions["brokenPipe"];
  /** How a saved guest is taken over. */
  readonly state?: WasiOptions["state"];
  readonly deterministic?: WasiOptions["deterministic"];
  readonly receipt?: boolean | undefined;
  readonly policy?: WasiOptions["policy"];
  readonly audit?: WasiOptions["audit"];
  readonly quotas?: QuotaOptions | undefined;
  readonly trace?: ((event: TraceEvent) => void) | undefined;
}

const modules: Readonly<Record<string, WasiOptions["version"]>> = {
  wasi_snapshot_preview1: "preview1",
  wasi_unstable: "unstable",
};

/** The version of WASI a module asks for; undefined if it asks for none. */
export const wasiVersion = (module: Module): WasiOptions["version"] | undefined =>
  modules[module.imports.find((imp) => Object.hasOwn(modules, imp.module))?.module ?? ""];

/** True for an import that WASI satisfies. */
export const wasiProvides = (imp: Import): boolean =>
  Object.hasOwn(modules, imp.module) && imp.type.kind === "func" && isImportable(imp.name);

/** @throws CliError WT6534 */
export async function openNetwork({ rules, listen, decide, backend }: NetworkSettings): Promise<NetworkOptions> {
  const network: BlockingNetwork | NodeNetwork = backend === "thread" ? new BlockingNetwork() : new NodeNetwork();
  const listeners: Socket[] = [];
  for (const from of listen) {
    const text = "fd" in from ? `fd:${from.fd}` : `${from.host}:${from.port}`;
    try {
      listeners.push(await ("fd" in from ? network.inherited(from.fd) : network.listener(from.host, from.port)));
    } catch (error) {
      for (const socket of listeners) socket.close();
      if (network instanceof BlockingNetwork) network.release();
      throw cannotListen(text, (error as Error).message);
    }
  }
  return { network, rules, listeners, decide };
}

/** @throws WasiError for settings that cannot work, such as a directory that has vanished */
export function makeWasi(version: WasiOptions["version"], settings: WasiSettings, network?: NetworkOptions): WASI {
  const { isTerminalSafe, ...options } = settings;
  return new WASI({ version, network, neutraliseEscapes: isTerminalSafe && "terminal", ...options });
}

/** Gives the host the memory its calls work on: the exported one, else the imported one, else none. */
export function bindMemory(wasi: WASI, instance: Instance, imports: Imports): void {
  const imported = instance.module.imports.find((imp) => imp.type.kind === "memory");
  const candidates: (Extern | object | undefined)[] = [
    instance.exports.memory,
    imported && imports[imported.module]?.[imported.name],
    Object.values(instance.exports).find((extern) => extern instanceof MemInst),
  ];
  const memory = candidates.find((candidate) => candidate instanceof MemInst);
  wasi.finalizeBindings(instance, { memory: memory ?? { bytes: new Uint8Array(0) } });
}

const aliases: Readonly<Record<string, readonly string[]>> = {
  fs: ["fd", "path"],
  file: ["fd", "path"],
  env: ["args"],
  time: ["clock"],
};

/**
 * A trace that prints the calls of `scopes` (all if it is empty) with `write`.
 *
 * @throws CliError WT6503
 */
export function traceTo(write: (line: string) => void, scopes: string): (event: TraceEvent) => void {
  const known = new Set((Object.keys(calls) as CallName[]).map((name) => calls[name].scope as string));
  const wanted = new Set<string>();
  for (const word of scopes.split(",").filter((w) => w !== "" && w !== "all")) {
    const names = aliases[word] ?? [word];
    if (!names.every((name) => known.has(name)))
      throw badValue("--trace-wasi", word, `one of ${[...known, ...Object.keys(aliases)].join(", ")}`);
    for (const name of names) wanted.add(name);
  }
  return (event) => {
    if (wanted.size === 0 || wanted.has(event.scope)) write(`wasi: ${formatTrace(event)}`);
  };
}
