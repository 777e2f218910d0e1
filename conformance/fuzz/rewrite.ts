/** Writes a decoded module again with some of it changed, so that sizes and counts agree with what is there. */
import { section as encodeSection, type Parts, s, sized, u, vec } from "../../engine/binary/encode.ts";
import { CONCRETE, heapOf, isNullable, isRef, type Module, type ValType } from "../../engine/index.ts";

export const CODE = 10;

/** `t` in the binary format. */
export function valTypeBytes(t: ValType): number[] {
  if (!isRef(t)) return [t & 0xff];
  const heap = heapOf(t);
  return [isNullable(t) ? 0x63 : 0x64, ...(heap >= CONCRETE ? s(heap - CONCRETE) : [heap])];
}

export const bytesOf = (module: Module, range: { readonly start: number; readonly end: number }): number[] => [
  ...module.bytes.subarray(range.start, range.end),
];

/** The module with the payload of every section as `edit` says; `undefined` leaves it out. */
export function withSections(
  module: Module,
  edit: (id: number, payload: number[], i: number) => Parts | undefined,
): Uint8Array {
  const parts: number[] = [...module.bytes.subarray(0, 8)];
  module.sections.forEach(({ id, range }, i) => {
    const payload = edit(id, bytesOf(module, range), i);
    if (payload !== undefined) parts.push(...encodeSection(id, payload));
  });
  return Uint8Array.from(parts);
}

export interface NewBody {
  /** `undefined`: as it is. */
  readonly code?: readonly number[] | undefined;
  /** Declarations of more locals. */
  readonly locals?: readonly (readonly number[])[] | undefined;
}

/** The module with other bodies of its functions. */
export function withBodies(module: Module, make: (f: number) => NewBody): Uint8Array {
  const bodies = module.funcs.map((func, f) => {
    const { code, locals = [] } = make(f);
    const runs: number[][] = [];
    for (let k = 0; k < func.locals.length; k += 2)
      runs.push([...u(func.locals[k]!), ...valTypeBytes(func.locals[k + 1]!)]);
    for (const declaration of locals) runs.push([...declaration]);
    return sized([vec(runs), code ?? bytesOf(module, func.body)]);
  });
  return withSections(module, (id, payload) => (id === CODE ? vec(bodies) : payload));
}
