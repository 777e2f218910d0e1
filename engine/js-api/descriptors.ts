/** Parts that the descriptors of memories, tables, globals and tags have in common. Spec: js-api (dictionaries). */
import { type AddrType, EXTERNREF, F32, F64, FUNCREF, I32, I64, type Limits, V128, type ValType } from "../types.ts";
import { toAddress } from "./convert.ts";
import { enumValue } from "./web-idl.ts";

type Descriptor = Readonly<Record<string, unknown>>;

const addressTypes = ["i32", "i64"] as const;

/** @throws TypeError */
export function addressType({ address }: Descriptor): AddrType {
  return address === undefined ? "i32" : enumValue(address, addressTypes, "address");
}

/** `initial` and `maximum`. @throws TypeError; RangeError when they are in the wrong order */
export function limitsOf(d: Descriptor, addr: AddrType): Limits {
  const { initial } = d;
  if (initial === undefined) throw new TypeError("the descriptor needs initial");
  const min = toAddress(initial, addr, "initial");
  const { maximum } = d;
  const max = maximum === undefined ? undefined : toAddress(maximum, addr, "maximum");
  if (max !== undefined && max < min) throw new RangeError(`maximum is ${max}, less than initial, ${min}`);
  return { min, max };
}

const valueTypes = { i32: I32, i64: I64, f32: F32, f64: F64, v128: V128, externref: EXTERNREF, anyfunc: FUNCREF };
const names = Object.keys(valueTypes) as (keyof typeof valueTypes)[];

/** `ToValueType`. @throws TypeError */
export const valueType = (v: unknown, what: string): ValType => valueTypes[enumValue(v, names, what)];
