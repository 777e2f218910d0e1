/** `--no-opt NAME`: optimisations of generated JavaScript that are left out. */
import { type Passes, passNames } from "../engine/index.ts";
import type { Flags } from "./parse.ts";
import { parseChoice } from "./units.ts";

export const readOptimise = (flags: Flags): Partial<Passes> =>
  Object.fromEntries(flags.all("no-opt").map((name) => [parseChoice("--no-opt", name, passNames), false]));
