/**
 * From an instance back to a module: the same code, with the state the instance has now as its initial one. What comes
 * out is a plain module for any engine. The parts are in `preinit/`.
 */
import { u } from "./binary/encode.ts";
import { concat, type Payload, rewrite, sectionIds, sizeOf } from "./binary/rewrite.ts";
import { resolveLimits } from "./binary/sections.ts";
import type { Instance } from "./engine.ts";
import type { ModuleLimits } from "./limits.ts";
import { missingDeclarations } from "./preinit/declarations.ts";
import { changedExports, type ExportChanges, exportSection } from "./preinit/exports.ts";
import { globalSection } from "./preinit/globals.ts";
import { checkNoState, ImportState } from "./preinit/import-state.ts";
import { dataSegments, memorySection } from "./preinit/memories.ts";
import { sharedMemory, tooLarge } from "./preinit/refusal.ts";
import { elemSegments, tableSection } from "./preinit/tables.ts";
import { ValueWriter } from "./preinit/values.ts";

export interface BakeOptions extends ExportChanges {
  /** What `importState` gave before anything of the instance ran. Needed if it imports memories, tables or mutable globals. */
  readonly imports?: ImportState | undefined;
  /** What the engines that will run the module allow: replace defaults of `limits.ts`. */
  readonly moduleLimits?: ModuleLimits | undefined;
}

/**
 * What `instance` imports as it is now: take it when the instance is new, and give it to `bake`. A start function may
 * change imports too: leave it (`isStartLeft`), and run it afterwards.
 */
export const importState = (instance: Instance): ImportState => new ImportState(instance.inst);

/**
 * A module whose instances start with the state that `instance` has now: memories, tables, globals, and which segments
 * were dropped. It has no start function; everything else is that of the instance's module, byte for byte.
 *
 * Call it when nothing of the instance is running. The module wants the imports that the instance had.
 *
 * @throws WasmError unsupported, WT5801 to WT5804, for state that a module cannot hold; unlinkable, WT5805, for exports
 * @cost O(module + memory); memory: the result, and little else
 */
export function bake(instance: Instance, options: BakeOptions = {}): Uint8Array {
  const { inst } = instance;
  const { module } = inst;
  const shared = module.memTypes.findIndex((type) => type.isShared);
  if (shared >= 0) throw sharedMemory(shared);
  if (options.imports === undefined) checkNoState(inst);
  else options.imports.check(inst);

  const limits = resolveLimits(options.moduleLimits);
  const values = new ValueWriter(inst);
  const sections = new Map<number, Payload | null>([[sectionIds.start, null]]);
  if (module.tables.length > 0) sections.set(sectionIds.table, tableSection(inst));
  if (module.memTypes.length > module.importedMems) sections.set(sectionIds.memory, memorySection(inst));
  if (module.globals.length > 0) sections.set(sectionIds.global, globalSection(inst, values));
  const exports = changedExports(module, options);
  if (module.exports.length > 0) sections.set(sectionIds.export, exportSection(module, exports));
  const declarations = missingDeclarations(
    module,
    exports.map(([e]) => e),
  );
  const elems = [...elemSegments(inst, values, limits), ...(declarations === undefined ? [] : [declarations])];
  if (elems.length > 0) sections.set(sectionIds.elem, vector(elems));
  const datas = dataSegments(inst, limits);
  if (datas.length > 0) sections.set(sectionIds.data, vector(datas));
  if (module.dataCount !== undefined) sections.set(sectionIds.dataCount, [u(datas.length)]);

  const parts = rewrite(module, sections);
  const size = sizeOf(parts);
  if (size > limits.moduleBytes) {
    throw tooLarge(`the module would have ${size} bytes; ${limits.moduleBytes} are allowed`);
  }
  return concat(parts);
}

const vector = (items: readonly Payload[]): Payload => [u(items.length), ...items.flat()];
