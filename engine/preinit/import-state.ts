/**
 * What imported memories, tables and globals hold at one moment, to tell later whether they were changed: such changes
 * are outside of the module, and no module can carry them.
 */
import type { GlobalInst } from "../runtime/global.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { hex, sha256 } from "../sha256.ts";
import { isRef, V128 } from "../types.ts";
import { importedState } from "./refusal.ts";
import { isAggregate } from "./values.ts";

export class ImportState {
  readonly #places: ReadonlyMap<string, readonly Val[]>;

  /** @cost about 10 ns for each byte of imported memories */
  constructor(inst: ModuleInst) {
    this.#places = look(inst);
  }

  /** Whether `inst` has the same imports, and they hold the same. @throws WasmError WT5803 */
  check(inst: ModuleInst): void {
    for (const [place, now] of look(inst)) {
      const before = this.#places.get(place);
      if (before?.length !== now.length || now.some((v, i) => !Object.is(v, before[i]))) {
        throw importedState(`${place} is imported and was changed`);
      }
      if (now.some(isAggregate))
        throw importedState(`${place} is imported and holds an object that may have been changed`);
    }
  }
}

/** For an instance whose imports nobody has looked at before. @throws WasmError WT5803 */
export function checkNoState({ module }: ModuleInst): void {
  for (const { type, module: from, name } of module.imports) {
    const isState = type.kind === "memory" || type.kind === "table" || (type.kind === "global" && type.type.isMutable);
    if (isState)
      throw importedState(`${type.kind} ${JSON.stringify(`${from}.${name}`)} is imported and may have been changed`);
  }
}

function look({ module, mems, tables, globals }: ModuleInst): Map<string, readonly Val[]> {
  const places = new Map<string, readonly Val[]>();
  for (let i = 0; i < module.importedMems; i++) places.set(`memory ${i}`, [hex(sha256(mems[i].bytes)), mems[i].size()]);
  for (let i = 0; i < module.importedTables; i++) places.set(`table ${i}`, tables[i].elems.slice());
  for (let i = 0; i < module.importedGlobals; i++) places.set(`global ${i}`, contents(globals[i]));
  return places;
}

/** The bits of a number, so that NaNs are told apart. */
function contents({ type, cells, slot }: GlobalInst): readonly Val[] {
  if (isRef(type.val)) return [cells.refs[slot]];
  return [...cells.I.subarray(slot * 2, slot * 2 + (type.val === V128 ? 4 : 2))];
}
