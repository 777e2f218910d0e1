/**
 * When `--snapshot` is to be taken, and how it gets into its file: whole or not at all.
 *
 * What is in a snapshot is the engine's (`docs/snapshots.md`); what this command adds is `saved-run.ts`.
 */
import type { PauseOptions } from "../engine/index.ts";
import type { SavedRun } from "./saved-run.ts";
import { badValue, parseCount, parseDuration } from "./units.ts";

/** Signals that may ask for a snapshot: those that end no program that listens for them. */
const signals = ["USR1", "USR2", "HUP", "WINCH"] as const;
type Signal = (typeof signals)[number];

export type SnapshotTime =
  | { readonly kind: "fuel"; readonly fuel: number }
  | { readonly kind: "time"; readonly ms: number }
  | { readonly kind: "signal"; readonly signal: Signal };

/** `fuel:1000000`, `time:2s`, `signal:USR1`. @throws CliError WT6503 */
export function parseSnapshotTime(flag: string, text: string): SnapshotTime {
  const [kind, value = ""] = text.split(/:(.*)/s);
  if (kind === "fuel") return { kind, fuel: parseCount(flag, value) };
  if (kind === "time") return { kind, ms: parseDuration(flag, value) };
  const signal = signals.find((s) => s === value.replace(/^SIG/, ""));
  if (kind === "signal" && signal !== undefined) return { kind, signal };
  throw badValue(flag, text, `a time such as fuel:1000000, time:2s or signal:${signals.join("|")}`);
}

export interface SnapshotPlan {
  readonly at: SnapshotTime;
  /** The guest goes on when the snapshot has been written, and for a signal the next one replaces it. */
  readonly goesOn: boolean;
  /** What is saved beside the guest. */
  readonly run: SavedRun;
  /** Where it goes. @throws CliError */
  write(bytes: Uint8Array): void;
}

/** Waits for the time of a plan; `dispose` when it is not wanted any more. */
export class SnapshotTimer {
  private readonly at: SnapshotTime;
  private controller = new AbortController();
  private readonly ring = (): void => this.controller.abort();
  private timer: NodeJS.Timeout | undefined;

  constructor(at: SnapshotTime) {
    this.at = at;
    if (at.kind === "time") this.timer = setTimeout(this.ring, at.ms);
    else if (at.kind === "signal") process.on(`SIG${at.signal}`, this.ring);
  }

  /** For `Instance.runUntil`, of a guest that has spent so much: it comes back when it is time. */
  options(spent: number): PauseOptions {
    return this.at.kind === "fuel" ? { fuel: Math.max(0, this.at.fuel - spent) } : { pause: this.controller.signal };
  }

  /** Makes ready for the next signal; false when there is no next time. */
  again(): boolean {
    this.controller = new AbortController();
    return this.at.kind === "signal";
  }

  dispose(): void {
    clearTimeout(this.timer);
    if (this.at.kind === "signal") process.off(`SIG${this.at.signal}`, this.ring);
  }
}
