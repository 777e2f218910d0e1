/** What a kernel runs in, ours and the peer, behind one interface. */
import { hostWebAssembly } from "../conformance/real/host-webassembly.ts";
import { Engine } from "../engine/index.ts";

export interface BenchInstance {
  /** Calls `run(n)`; its i32 result as an unsigned number, so that engines compare equal. */
  run(n: number): number;
}

export interface BenchEngine {
  readonly name: string;
  /** Which tier runs the code: a speed without it says nothing. */
  readonly tier: string;
  instantiate(bytes: Uint8Array): BenchInstance;
}

function abort(): never {
  throw new Error("the kernel called abort");
}

const imports = { env: { abort } };

/** The host's WebAssembly as Node configures it: Liftoff first, TurboFan when hot. */
export const v8: BenchEngine = {
  name: "v8",
  tier: "default (liftoff, then turbofan)",
  instantiate(bytes) {
    const { exports } = new hostWebAssembly.Instance(new hostWebAssembly.Module(bytes), imports);
    const run = exports.run as (n: number) => number;
    return { run: (n) => run(n) >>> 0 };
  },
};

/** Our engine with one tier forced. */
export function wasmts(tier: "interp" | "js" | "auto"): BenchEngine {
  const engine = new Engine({ tier });
  return {
    name: "wasmts",
    tier,
    instantiate(bytes) {
      const instance = engine.instantiate(engine.compile(bytes), imports);
      return { run: (n) => (instance.invoke("run", [n])[0] as number) >>> 0 };
    },
  };
}
