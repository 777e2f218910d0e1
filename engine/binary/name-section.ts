/**
 * Names from the custom section "name". Nothing in it can make a module fail: what is ill-formed ends the reading of
 * its subsection. Names are raw text of the module's author; see `printable`. Spec: appendix/custom (name section).
 */
import type { CustomSection, Names } from "../module.ts";
import { Reader } from "./reader.ts";

const MODULE = 0;
const FUNCS = 1;
/** No limit but that of the section. */
const ANY_LENGTH = 0xffffffff;

/** The names in the first name section; empty ones without it. */
export function decodeNames(module: { readonly bytes: Uint8Array; readonly customs: readonly CustomSection[] }): Names {
  const funcs = new Map<number, string>();
  let moduleName: string | undefined;
  const section = module.customs.find((custom) => custom.name === "name");
  if (section === undefined) return { module: undefined, funcs };
  const r = new Reader(module.bytes, section.range.start, section.range.end);
  tolerate(() => {
    while (r.remaining > 0) {
      const id = r.u8();
      const size = r.u32();
      const start = r.skip(size);
      const sub = new Reader(module.bytes, start, start + size);
      if (id === MODULE) tolerate(() => (moduleName = sub.name(ANY_LENGTH)));
      if (id === FUNCS) tolerate(() => readNameMap(sub, funcs));
    }
  });
  return { module: moduleName, funcs };
}

function readNameMap(r: Reader, into: Map<number, string>): void {
  for (let n = r.count(); n > 0; n--) {
    const idx = r.u32();
    into.set(idx, r.name(ANY_LENGTH));
  }
}

/** Runs `read` and keeps what it did before it failed. */
function tolerate(read: () => void): void {
  try {
    read();
  } catch {
    // Ill-formed: the rest is lost, on purpose.
  }
}
