/** What all modules and instances of the API have in common: the engine, and what guests may use. */
import type { CodeStore } from "../code-store.ts";
import { Engine } from "../engine.ts";
import type { Passes } from "../jit/passes.ts";
import type { InstanceOptions } from "../runtime/instantiate.ts";
import { Meter, type StopSignal } from "../runtime/meter.ts";
import type { I64Form, TierName } from "../tiers.ts";
import { blockAgent } from "./wait.ts";

/** Limits and choices for programs that know nothing of them. */
export interface Configuration {
  /** Instructions that all instances made from now on may execute together. */
  readonly fuel?: number | undefined;
  /** Time that they have, from when the first of them runs, ms. */
  readonly timeoutMs?: number | undefined;
  /** Ends them. */
  readonly signal?: StopSignal | undefined;
  /** Most bytes of one memory. */
  readonly maxMemory?: number | undefined;
  /** Most bytes of all memories that the instances define. */
  readonly totalMemory?: number | undefined;
  /** Most elements of one table. */
  readonly maxTable?: number | undefined;
  /** Most frames of one call. */
  readonly maxStackDepth?: number | undefined;
  /** Who executes functions; see `TierOptions`. */
  readonly tier?: TierName | undefined;
  /** False: no JavaScript is generated. */
  readonly eval?: boolean | undefined;
  /** What i64 are in generated code; see `TierOptions`. */
  readonly i64?: I64Form | undefined;
  /** Optimisations of generated code to leave out; see `TierOptions`. */
  readonly optimise?: Partial<Passes> | undefined;
  /** V8 optimises functions of any size; see `TierOptions`. */
  readonly optimisesLarge?: boolean | undefined;
  /** Where compiled code is kept for other processes, such as `CodeCache` of `wasmts/code-cache`. */
  readonly codeStore?: CodeStore | undefined;
  /** For tests; see `TierOptions`. @internal */
  readonly hotAfter?: number | undefined;
}

/** Proposals that hosts of the API have, too. */
const features = { threads: true, "legacy-exceptions": true } as const;

export interface Settings {
  readonly configuration: Configuration;
  readonly engine: Engine;
  readonly options: InstanceOptions;
}

let latest: Settings | undefined;

/** Made when first asked for. */
export const settings = (): Settings => (latest ??= settingsOf({}));

/**
 * Sets limits for the modules and instances that are made from now on; what exists keeps its own. Each call opens a new
 * account of fuel and time.
 *
 * @returns the account, which tells what was used and takes more fuel
 */
export function configure(configuration: Configuration = {}): Meter {
  latest = settingsOf(configuration);
  return latest.options.meter as Meter;
}

/** What `configure` said last. */
export const configuration = (): Configuration => settings().configuration;

function settingsOf(given: Configuration): Settings {
  const { fuel, timeoutMs, signal, totalMemory, ...c } = given;
  return {
    configuration: given,
    engine: new Engine({
      tier: c.tier,
      eval: c.eval,
      i64: c.i64,
      optimise: c.optimise,
      optimisesLarge: c.optimisesLarge,
      hotAfter: c.hotAfter,
      codeStore: c.codeStore,
      features,
    }),
    options: {
      maxMemoryBytes: c.maxMemory,
      maxTableElements: c.maxTable,
      maxStackDepth: c.maxStackDepth,
      meter: new Meter({ fuel, timeoutMs, signal, totalMemoryBytes: totalMemory }),
      runner: blockAgent,
      isStartLeft: true,
    },
  };
}
