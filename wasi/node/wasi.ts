/**
 * The `WASI` class: the shape of `node:wasi`, with a sandbox that is one, for instances of wasmts and of the host's own
 * WebAssembly.
 */
import { GuestExit, type HostFn } from "../../engine/index.ts";
import { GuestHost } from "../guest-host.ts";
import type { AnyInstance } from "../instance.ts";
import { nodeClock } from "./clock.ts";
import { checkOptions, inputOf, mountsOf, outputOf, type WasiOptions } from "./options.ts";
import { nodeRandom } from "./random.ts";
import { blockThread } from "./runner.ts";

/**
 * A WASI host for one guest.
 *
 * @example
 * const wasi = new WASI({ version: "preview1", args: ["prog"], dirs: [{ host: ".", guest: "/", readOnly: true }] });
 * const instance = new WebAssembly.Instance(module, wasi.getImportObject());
 * const code = wasi.start(instance);
 *
 * @example
 * // with wasmts, which can suspend a guest that waits
 * const instance = engine.instantiate(module, wasi.hostImports(), { runner: blockThread });
 */
export class WASI extends GuestHost {
  readonly #exits: boolean;

  /**
   * @throws TypeError, RangeError with the codes of node:wasi
   * @throws WasiError WT6001..WT6008; about `preopens` with code UVWASI_ENOENT and the like
   */
  constructor(options: WasiOptions) {
    checkOptions(options);
    super(options, {
      clock: nodeClock,
      random: nodeRandom,
      runner: blockThread,
      mounts: mountsOf(options),
      stdin: () => inputOf(options.stdin),
      stdout: () => outputOf("stdout", options.stdout),
      stderr: () => outputOf("stderr", options.stderr),
    });
    this.#exits = options.returnOnExit === false;
    if (this.#exits) Object.assign(this.wasiImport, { proc_exit: endingProcess(this.wasiImport.proc_exit) });
  }

  override initialize(instance: AnyInstance): void {
    super.initialize(instance);
    this.#exit(this.exitCode ?? 0);
  }

  override start(instance: AnyInstance): number {
    return this.#exit(super.start(instance));
  }

  override async startAsync(instance: AnyInstance): Promise<number> {
    return this.#exit(await super.startAsync(instance));
  }

  #exit(code: number): number {
    if (this.#exits && this.exitCode !== undefined) process.exit(code);
    return code;
  }
}

/** Ends the process inside of the call, whoever makes it, as node:wasi does. */
const endingProcess =
  (proc_exit: HostFn): HostFn =>
  (...args) => {
    try {
      return proc_exit(...args);
    } catch (error) {
      if (error instanceof GuestExit) process.exit(error.exitCode);
      throw error;
    }
  };
