/** A guest that is saved on its way again and again, and goes on under another engine each time. */
import type { Engine, Imports, Instance, Val } from "../../engine/index.ts";

export interface Moving {
  /** The guest begins under the second. */
  readonly engines: readonly Engine[];
  readonly bytes: Uint8Array;
  readonly imports: () => Imports;
  /** What `run` is called with. */
  readonly args: readonly Val[];
  /** Fuel between two stops, of which each `every`th is a move. */
  readonly step: number;
  readonly every: number;
}

/** The instance in which the guest came to its end, and its results. */
export function runMoving({ engines, bytes, imports, args, step, every }: Moving): [Instance, readonly Val[]] {
  let engine = engines[1] as Engine;
  let inst = engine.instantiate(engine.compile(bytes), imports());
  let act = inst.start("run", args);
  for (let i = 0; ; i++) {
    const outcome = act.run(step);
    if (outcome.kind === "done") return [inst, outcome.results];
    if (i % every !== every - 1) continue;
    const snapshot = engine.snapshot([inst], { activation: act });
    engine = engines[(i + step) % engines.length] as Engine;
    const guest = engine.restore([{ module: engine.compile(bytes), imports: imports() }], snapshot);
    inst = guest.instances[0] as Instance;
    act = guest.activation!;
  }
}
