/** Instructions that replace a NaN by zero, so that no bits are seen that the standard leaves open. */
import { u } from "../../engine/binary/encode.ts";
import { codes, type OpType } from "./types.ts";

/** After instruction `mnemonic` of result `t`: zeros in place of a NaN, or of the lanes that are one. `local` is a `t`. */
export function canonical(mnemonic: string, t: OpType, local: number): number[] {
  const v = u(local);
  // The local must not keep the NaN either.
  return [...withoutNan(mnemonic, t, v), 0x22, ...v];
}

function withoutNan(mnemonic: string, t: OpType, v: readonly number[]): number[] {
  const twice = [0x22, ...v, 0x20, ...v];
  if (t === "f32") return [...twice, 0x5b, 0x04, codes.f32, 0x20, ...v, 0x05, 0x43, 0, 0, 0, 0, 0x0b];
  if (t === "f64") return [0x22, ...v, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x20, ...v, 0x20, ...v, 0x61, 0x1b];
  return [...twice, 0x20, ...v, 0xfd, mnemonic.startsWith("f32x4") ? 0x41 : 0x47, 0xfd, 0x4e];
}
