/** The export section without some exports, and with others under new names. */
import { name as encodeName, u } from "../binary/encode.ts";
import { type Part, type Payload, sectionIds } from "../binary/rewrite.ts";
import { encodeUtf8 } from "../binary/utf8.ts";
import { printable } from "../errors.ts";
import { moduleLimits } from "../limits.ts";
import type { Export, Module } from "../module.ts";
import { badExport } from "./refusal.ts";

export interface ExportChanges {
  /** Names of exports that are left out. */
  readonly without?: readonly string[] | undefined;
  /** New name to present name, of functions. A function that has the new name so far is left out, unless it is renamed too. */
  readonly rename?: ReadonlyMap<string, string> | undefined;
}

/** The exports of `module` after `changes`, each with its new name if it has one. @throws WasmError WT5805 */
export function changedExports(
  module: Module,
  { without = [], rename = new Map() }: ExportChanges,
): [Export, string][] {
  const isLeft = new Set(without);
  const byName = new Map(module.exports.map((e) => [e.name, e]));
  for (const name of without) find(byName, name);
  const newNames = new Map<string, string>();
  for (const [to, from] of rename) {
    checkFunc(find(byName, from), from);
    checkName(to);
    if (isLeft.has(from)) throw badExport(`the export ${quote(from)} is renamed and left out`, "choose one");
    if (newNames.has(from)) throw badExport(`the export ${quote(from)} is renamed twice`, "give it one name");
    if (byName.has(to)) checkFunc(find(byName, to), to);
    newNames.set(from, to);
  }
  return module.exports
    .filter(({ name }) => !isLeft.has(name) && (newNames.has(name) || !rename.has(name)))
    .map((e) => [e, newNames.get(e.name) ?? e.name]);
}

const quote = (name: string): string => JSON.stringify(printable(name));

function find(byName: ReadonlyMap<string, Export>, name: string): Export {
  const found = byName.get(name);
  if (found === undefined) throw badExport(`no export: ${quote(name)}`, "look up what the module exports");
  return found;
}

function checkFunc({ kind }: Export, name: string): void {
  if (kind !== "func") throw badExport(`the export ${quote(name)} is a ${kind}`, "only functions can be renamed");
}

function checkName(name: string): void {
  const most = moduleLimits.nameBytes.value;
  const bytes = encodeUtf8(name).length;
  if (bytes > most) throw badExport(`a name of ${bytes} bytes`, `names have at most ${most} bytes`);
}

/** The section for what `changedExports` gave. */
export function exportSection(module: Module, exports: readonly [Export, string][]): Payload {
  const { range } = module.sections.find(({ id }) => id === sectionIds.export)!;
  const ends = new Map(module.exports.map((e, i) => [e, module.exports[i + 1]?.offset ?? range.end]));
  const items = exports.flatMap(([e, name]): Part[] => {
    if (name === e.name) return [module.bytes.subarray(e.offset, ends.get(e))];
    return [[...encodeName(name), kinds[e.kind], ...u(e.idx)]];
  });
  return [u(exports.length), ...items];
}

const kinds: Readonly<Record<Export["kind"], number>> = { func: 0, table: 1, memory: 2, global: 3, tag: 4 };
