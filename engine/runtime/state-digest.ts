/** What an instance has come to, as a hash: for comparing runs. Not for identity of references, which have none. */
import { Sha256 } from "../sha256.ts";
import { F64, I64, isRef, V128 } from "../types.ts";
import { FuncInst } from "./func.ts";
import type { GlobalInst } from "./global.ts";
import type { ModuleInst } from "./instance.ts";
import type { Val } from "./value.ts";

/**
 * SHA-256 over the instance's memories, globals and tables: sizes and bits, and of references which function they are, or whether they are null.
 * Imported ones are its too. 32 bytes.
 *
 * @cost about 10 ns a byte of memory
 */
export function stateDigest(inst: ModuleInst): Uint8Array {
  const hash = new Sha256();
  const number = (n: number): void => {
    const bytes = new Uint8Array(8);
    new DataView(bytes.buffer).setFloat64(0, n);
    hash.update(bytes);
  };
  const counts = [inst.mems.length, inst.globals.length, inst.tables.length];
  for (const count of counts) number(count);
  for (const mem of inst.mems) {
    number(mem.bytes.length);
    hash.update(mem.bytes);
  }
  for (const global of inst.globals) {
    const bytes = isRef(global.type.val) ? undefined : bytesOf(global);
    if (bytes === undefined) number(referenceCode(inst, global.get()));
    else hash.update(bytes);
  }
  for (const table of inst.tables) {
    number(table.length);
    for (const elem of table.elems) number(referenceCode(inst, elem));
  }
  return hash.digest();
}

/** The bits of a global that is a number or a vector. */
function bytesOf({ cells, slot, type }: GlobalInst): Uint8Array {
  const size = type.val === V128 ? 16 : type.val === I64 || type.val === F64 ? 8 : 4;
  return new Uint8Array(cells.B.buffer, slot * 8, size);
}

/** 0 for null, 2 and more for functions of the instance by index, 1 for everything else. */
function referenceCode(inst: ModuleInst, value: Val): number {
  if (value === null) return 0;
  return value instanceof FuncInst && value.inst === inst ? value.index + 2 : 1;
}
