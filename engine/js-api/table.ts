/** `WebAssembly.Table`. Spec: js-api (tables). */
import { TableInst } from "../runtime/table.ts";
import type { Val } from "../runtime/value.ts";
import { EXTERNREF, FUNCREF, type ValType } from "../types.ts";
import { checkCrossable, defaultValue, fromAddress, toAddress, toJs, toWasm } from "./convert.ts";
import { addressType, limitsOf } from "./descriptors.ts";
import { setObject } from "./identity.ts";
import { settings } from "./settings.ts";
import { asked } from "./thrown.ts";
import { defineInterface, dictionary, enumValue, Slot } from "./web-idl.ts";

export const tableSlot = new Slot<TableInst>("Table");

const MAX_ELEMENTS = { i32: 2 ** 32 - 1, i64: 2 ** 64 } as const;
const kinds = ["anyfunc", "externref"] as const;

export class Table {
  constructor(descriptor: unknown, value: unknown = undefined) {
    const d = dictionary(descriptor, "the descriptor");
    const elem = enumValue(d.element, kinds, "element") === "anyfunc" ? FUNCREF : EXTERNREF;
    const addr = addressType(d);
    const limits = limitsOf(d, addr);
    if (limits.min > MAX_ELEMENTS[addr]) throw new RangeError(`a table of ${limits.min} elements`);
    const init = valueOr(value, elem, value === undefined);
    const { maxTableElements, meter } = settings().options;
    const inst = asked(() => new TableInst({ addr, limits, elem }, init, maxTableElements, meter));
    tableSlot.set(this, inst);
    setObject(inst, this);
  }

  grow(delta: unknown, value: unknown = undefined): number | bigint {
    const inst = tableSlot.get(this);
    const { addr, elem } = inst.declared;
    const count = toAddress(delta, addr, "the argument");
    const old = inst.grow(count, valueOr(value, elem, value === undefined));
    if (old < 0) throw new RangeError(`cannot grow a table by ${count} elements`);
    return fromAddress(old, addr);
  }

  get(index: unknown): unknown {
    const inst = tableSlot.get(this);
    const { addr, elem } = inst.declared;
    checkCrossable([elem]);
    return toJs(inst.elems[checked(inst, toAddress(index, addr, "the index"))], elem);
  }

  set(index: unknown, ...value: unknown[]): void {
    const inst = tableSlot.get(this);
    const { addr, elem } = inst.declared;
    checkCrossable([elem]);
    const at = toAddress(index, addr, "the index");
    const v = valueOr(value[0], elem, value.length === 0);
    inst.set(checked(inst, at), v);
  }

  get length(): number | bigint {
    const inst = tableSlot.get(this);
    return fromAddress(inst.length, inst.declared.addr);
  }
}
defineInterface(Table, "Table");

/** The object for a table of the engine. */
export function tableObject(inst: TableInst): Table {
  const table = Object.create(Table.prototype) as Table;
  tableSlot.set(table, inst);
  return table;
}

/** `value` for an element of type `t`, or the default. @throws TypeError */
function valueOr(value: unknown, t: ValType, isMissing: boolean): Val {
  checkCrossable([t]);
  if (!isMissing) return toWasm(value, t);
  const v = defaultValue(t);
  if (v === undefined) throw new TypeError("elements of this table have no default");
  return v;
}

function checked(inst: TableInst, index: number): number {
  if (index >= inst.length) throw new RangeError(`no element ${index} in a table of ${inst.length}`);
  return index;
}
