/** The ways our engine can run a module, which must all tell the same story. A new tier is a line here. */
import { Engine, type EngineOptions, type Feature, features } from "../../engine/index.ts";

export interface Configuration {
  readonly name: string;
  readonly engine: Engine;
  /** Its activations are taken apart at random safepoints and put together again. */
  readonly isInterrupted: boolean;
  /** Fuel bounds what it runs, in code that counts. Else it runs what the first configuration could run. */
  readonly isBounded: boolean;
}

/** Every proposal there is. */
export const everything: Readonly<Partial<Record<Feature, boolean>>> = Object.fromEntries(
  Object.entries(features).map(([feature, def]) => [feature, def.state !== "absent"]),
);

function configuration(name: string, options: EngineOptions, isBounded: boolean, isInterrupted = false): Configuration {
  const engine = new Engine({ ...options, features: everything });
  return { name, engine, isInterrupted, isBounded };
}

/** The first is what the others are compared with. */
export const configurations: readonly [Configuration, ...Configuration[]] = [
  configuration("interpreter", { tier: "interp" }, true),
  configuration("interpreter, interrupted", { tier: "interp" }, true, true),
  configuration("JavaScript", { tier: "js" }, false),
  configuration("from tier to tier", { tier: "auto", hotAfter: 1 }, false),
  configuration("JavaScript that counts", { tier: "js" }, true),
  configuration("JavaScript that counts, interrupted", { tier: "js" }, true, true),
  configuration("from tier to tier, interrupted", { tier: "auto", hotAfter: 1 }, true, true),
];
