/** The `WASI` class of browsers: of that of Node.js what needs no system. Files are in memory, or in archives. */
import { GuestHost } from "../guest-host.ts";
import {
  checkLimits,
  checkVersion,
  type GuestOptions,
  type StreamInput,
  type StreamOutput,
  streamInput,
  streamOutput,
} from "../options.ts";
import { blockWorker, webClock, webRandom } from "./world.ts";

export interface WebWasiOptions extends GuestOptions {
  /** Default: none. */
  readonly stdin?: StreamInput | undefined;
  /** Default: none; what is written is lost. */
  readonly stdout?: StreamOutput | undefined;
  readonly stderr?: StreamOutput | undefined;
}

/**
 * A WASI host for one guest in a page or a worker.
 *
 * @example
 * const files = new MemoryFs();
 * const wasi = new WASI({ version: "preview1", args: ["app"], mounts: [{ guest: "/", fs: files }], stdout: show });
 * const instance = engine.instantiate(engine.compile(bytes), wasi.hostImports());
 * const code = await wasi.startAsync(instance);
 */
export class WASI extends GuestHost {
  /**
   * @throws TypeError of an unknown version
   * @throws WasiError WT6003..WT6008
   */
  constructor(options: WebWasiOptions) {
    checkVersion(options.version);
    checkLimits({ ...options });
    const { stdin = null, stdout = null, stderr = null, mounts = [] } = options;
    super(options, {
      clock: webClock,
      random: webRandom,
      runner: blockWorker,
      mounts,
      stdin: () => streamInput(stdin),
      stdout: () => streamOutput("stdout", stdout),
      stderr: () => streamOutput("stderr", stderr),
    });
  }
}
