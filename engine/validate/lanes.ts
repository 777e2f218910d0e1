/** Lane indices of vector instructions: read, and checked against the shape. Spec: valid/instructions (vectors). */
import type { InstrDef } from "../instrs.ts";
import type { Lane } from "../instrs-simd.ts";
import type { FuncState } from "./state.ts";

/** Lanes of a shuffle's two operands together. */
const SHUFFLE_LANES = 32;

const laneCount = (lane: Lane): number => 128 / Number(lane.slice(1));

/** What the lane indices of a row must be below; 0 if it has none. */
export function laneLimit({ imms, lanes }: InstrDef): number {
  if (imms.includes("laneidx16")) return SHUFFLE_LANES;
  return lanes !== undefined && imms.includes("laneidx") ? laneCount(lanes.from) : 0;
}

/** Reads one lane index, or the sixteen of a shuffle. @throws WasmError invalid, if one is not below `limit` */
export function checkLanes(s: FuncState, def: InstrDef, limit: number): void {
  for (let n = def.imms.includes("laneidx16") ? 16 : 1; n > 0; n--) {
    const lane = s.r.u8();
    if (lane >= limit) throw s.fault("laneIndex", ` ${lane}, there are ${limit} lanes`);
  }
}
