/** The ways our engine can run a module, which must all tell the same story. A new tier is a line here. */
import { Engine, type EngineOptions, type Feature, features } from "../../engine/index.ts";

export interface Configuration {
  readonly name: string;
  readonly engine: Engine;
  /** Its activations are taken apart at random safepoints and put together again. */
  readonly isInterrupted: boolean;
}

/** Every proposal there is. */
export const everything: Readonly<Partial<Record<Feature, boolean>>> = Object.fromEntries(
  Object.entries(features).map(([feature, def]) => [feature, def.state !== "absent"]),
);

const configuration = (name: string, options: EngineOptions, isInterrupted = false): Configuration => ({
  name,
  engine: new Engine({ ...options, features: everything }),
  isInterrupted,
});

/** The first is what the others are compared with where the host cannot run a module. */
export const configurations: readonly [Configuration, ...Configuration[]] = [
  configuration("interpreter", { tier: "interp" }),
  configuration("interpreter, interrupted", { tier: "interp" }, true),
];
