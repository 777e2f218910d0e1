/** Build step: writes the generated files. Never imported at run time. */
import { writeFileSync } from "node:fs";
import { dispatchText, residentText } from "./dispatch.ts";
import { vectorText } from "./simd.ts";

writeFileSync("engine/interpret/dispatch.gen.ts", dispatchText());
writeFileSync("engine/interpret/resident.gen.ts", residentText());
writeFileSync("engine/interpret/simd.gen.ts", vectorText());
