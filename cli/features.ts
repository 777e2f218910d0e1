/**
 * `-W`, `--wasm-1`, `--wasm-2`, `--wasm-3`: which proposals a module may use.
 *
 * What is switched on here the engine is told; what is switched off is refused by what the decoder recorded of the
 * module, so that the message can name the option.
 */
import { type EngineOptions, type Feature, type FeatureDef, features, type Module } from "../engine/index.ts";
import { CliError } from "./cli-error.ts";
import type { Flags } from "./parse.ts";
import { closest } from "./suggest.ts";

export type FeatureSwitches = NonNullable<EngineOptions["features"]>;

export interface FeatureChoice {
  /** Proposals that are off unless asked for, and were asked for. */
  readonly on: FeatureSwitches;
  /** A proposal that is off, and the option that turned it off. */
  readonly off: ReadonlyMap<string, string>;
}

interface Choosing {
  readonly on: { -readonly [F in Feature]?: boolean };
  readonly off: Map<string, string>;
}

/** Everything there is, for looking at modules rather than running them. */
export const everyFeature: FeatureSwitches = switchesOf((def) => def.state !== "absent");

function switchesOf(isOn: (def: FeatureDef) => boolean): FeatureSwitches {
  return Object.fromEntries(
    Object.entries<FeatureDef>(features)
      .filter(([, def]) => isOn(def))
      .map(([name]) => [name, true]),
  );
}

const standards = { "wasm-1": ["1.0"], "wasm-2": ["1.0", "2.0"], "wasm-3": ["1.0", "2.0", "3.0"] } as const;

/** @throws CliError WT6563, WT6564 */
export function readFeatures(flags: Flags): FeatureChoice {
  const choosing: Choosing = { on: {}, off: new Map() };
  for (const flag of ["wasm-3", "wasm-2", "wasm-1"] as const) {
    if (!flags.has(flag)) continue;
    const allowed: readonly string[] = standards[flag];
    for (const [name, def] of Object.entries<FeatureDef>(features))
      if (!allowed.includes(def.standard)) choosing.off.set(name, `--${flag}`);
  }
  for (const text of flags.all("wasm")) for (const word of text.split(",")) applyWord(word.trim(), choosing);
  return choosing;
}

function applyWord(word: string, { on, off }: Choosing): void {
  if (word === "all") {
    Object.assign(on, everyFeature);
    off.clear();
    return;
  }
  const isOff = word.startsWith("-");
  const name = word.replace(/^[-+]/, "");
  if (!Object.hasOwn(features, name)) {
    const near = closest(name, Object.keys(features));
    throw new CliError("WT6563", `unknown proposal: '${name}'`, {
      where: `from -W ${word}`,
      help:
        near === undefined
          ? "'wasmts --features list' prints the names"
          : `did you mean -W ${isOff ? "-" : ""}${near}?`,
    });
  }
  if (isOff) {
    off.set(name, `-W ${word}`);
    return;
  }
  const def: FeatureDef = features[name as Feature];
  if (def.state === "absent") {
    throw new CliError("WT6564", `the ${name} proposal is not there yet`, {
      where: def.title,
      help: "'wasmts --features list' tells which are there",
    });
  }
  off.delete(name);
  on[name as Feature] = true;
}

/** @throws CliError WT6562 when the module uses a proposal that is off */
export function checkFeatures(module: Module, { off }: FeatureChoice, file: string): void {
  for (const name of module.features) {
    const by = off.get(name);
    if (by === undefined) continue;
    throw new CliError("WT6562", `${file} uses ${name}, which ${by} turned off`, {
      where: features[name as Feature].title,
      help: by.startsWith("-W")
        ? `leave ${by} out, or rebuild the module without it`
        : `leave ${by} out, or add -W ${name}`,
    });
  }
}
