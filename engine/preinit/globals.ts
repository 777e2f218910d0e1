/** The global section with the values of now. Those that cannot change keep the expressions they have. */
import { u } from "../binary/encode.ts";
import { type Part, type Payload, sectionIds } from "../binary/rewrite.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import { itemsOf } from "./copy.ts";
import { checkRemade, type ValueWriter } from "./values.ts";

/** @throws WasmError WT5801 */
export function globalSection({ module, globals }: ModuleInst, values: ValueWriter): Payload {
  const parts: Part[] = [u(module.globals.length)];
  let start = itemsOf(module, sectionIds.global).pos;
  for (const [i, { type, init }] of module.globals.entries()) {
    const idx = module.importedGlobals + i;
    const place = `global ${idx}`;
    if (type.isMutable) {
      parts.push(module.bytes.subarray(start, init.start), values.global(globals[idx], type.val, place));
    } else {
      checkRemade(globals[idx].get(), place);
      parts.push(module.bytes.subarray(start, init.end));
    }
    start = init.end;
  }
  return parts;
}
