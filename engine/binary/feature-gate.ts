/**
 * Decides whether what a module uses is on, and records it. Asked by the decoder and the validator at each use.
 */
import { unsupported } from "../faults.ts";
import { type Feature, features } from "../features.ts";

/** Proposals switched against their state in `features.ts`. */
export type FeatureSwitches = { readonly [F in Feature]?: boolean };

export class FeatureGate {
  /** What was used so far. */
  readonly used: Set<Feature>;
  readonly #switches: FeatureSwitches;

  constructor(switches: FeatureSwitches = {}, used = new Set<Feature>()) {
    this.#switches = switches;
    this.used = used;
  }

  isOn(feature: Feature): boolean {
    return this.#switches[feature] ?? features[feature].state === "on";
  }

  /** The form of exceptions that tags and `throw`, which both have, belong to: that of 3.0 unless only the other is on. */
  get exceptions(): Feature {
    return this.isOn("legacy-exceptions") && !this.isOn("exceptions") ? "legacy-exceptions" : "exceptions";
  }

  /** Records a use of `feature` at `offset`. @throws WasmError unsupported, if it is off */
  use(feature: Feature, offset: number, detail = "", func?: number): void {
    if (!this.isOn(feature)) throw unsupported(feature, offset, detail, func);
    this.used.add(feature);
  }
}

/** Admits every proposal: for readers of code that was validated before. */
export const anyFeature: FeatureGate = new FeatureGate(
  Object.fromEntries(Object.keys(features).map((feature) => [feature, true])),
);
