/**
 * Which functions `ref.func` in bodies names. Such a function must be named outside of bodies too, and what named it may
 * have been replaced.
 */
import { u } from "../binary/encode.ts";
import { skipImms } from "../binary/imms.ts";
import { defOf, mnemonicOf } from "../binary/opcodes.ts";
import { Reader } from "../binary/reader.ts";
import type { Payload } from "../binary/rewrite.ts";
import type { CodeRange, Export, Module } from "../module.ts";

/** Of a declarative segment of functions. */
const DECLARATIVE = 3;

/** A declarative segment of the functions that neither `exports` nor a declarative segment of `module` names. */
export function missingDeclarations(module: Module, exports: readonly Export[]): Payload | undefined {
  if (!module.features.has("reference-types")) return undefined;
  const missing = new Set(module.funcs.flatMap(({ body }) => refFuncs(module, body)));
  for (const { kind, idx } of exports) if (kind === "func") missing.delete(idx);
  for (const { mode, init } of module.elems) {
    if (mode.kind !== "declarative") continue;
    const named = init.kind === "funcs" ? init.funcs : init.exprs.flatMap((expr) => refFuncs(module, expr));
    for (const idx of named) missing.delete(idx);
  }
  if (missing.size === 0) return undefined;
  return [[DECLARATIVE, 0, ...u(missing.size), ...[...missing].sort((a, b) => a - b).flatMap(u)]];
}

function refFuncs(module: Module, { start, end }: CodeRange): number[] {
  const r = new Reader(module.bytes, start, end);
  const found: number[] = [];
  while (r.pos < end) {
    const at = r.pos;
    const opcode = r.opcode();
    if (mnemonicOf(opcode) === "ref.func") found.push(r.u32());
    else skipImms(r, defOf(opcode, at));
  }
  return found;
}
