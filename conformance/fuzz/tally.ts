/** Counts what the runs of one kind did, for the report at the end. */
import type { Module } from "../../engine/index.ts";
import type { Story } from "./story.ts";

export class Tally {
  /** In the order in which things were first seen. */
  readonly counts = new Map<string, number>();
  /** Modules that used a proposal, by its name. */
  readonly features = new Map<string, number>();

  add(what: string, n = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + n);
  }

  addFeatures(module: Module): void {
    for (const feature of module.features) this.features.set(feature, (this.features.get(feature) ?? 0) + 1);
  }

  /** What two stories that agree have in common, up to the end of either. */
  addStories(a: Story, b: Story): void {
    const end = [...a, undefined].indexOf(undefined);
    for (const line of a.slice(0, Math.min(end, b.length))) {
      if (!line!.includes("): ")) continue;
      this.add("calls compared");
      if (/: trap \S+$/.test(line!)) this.add("traps compared");
      if (line!.includes("): exception")) this.add("exceptions compared");
    }
  }

  toString(): string {
    const counts = [...this.counts].map(([what, n]) => `${n} ${what}`).join(", ");
    const features = [...this.features].sort(([a], [b]) => (a < b ? -1 : 1)).map(([name, n]) => `${name} ${n}`);
    return features.length === 0 ? counts : `${counts}\n    with ${features.join(", ")}`;
  }
}
