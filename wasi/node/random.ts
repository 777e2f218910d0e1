/** Randomness from the operating system. */
import { randomFillSync } from "node:crypto";
import type { Random } from "../context.ts";

export const nodeRandom: Random = {
  fill(bytes) {
    randomFillSync(bytes);
  },
};
