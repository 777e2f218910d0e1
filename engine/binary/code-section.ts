/** Reads the function and code sections: types, local declarations, where bodies are. Spec: binary/modules. */
import { malformed, overLimit } from "../faults.ts";
import type { Func } from "../module.ts";
import type { DecodedModule } from "./decoded.ts";
import type { Reader } from "./reader.ts";
import { readValType } from "./types.ts";

const MAX_U32 = 0xffffffff;

/** The function section: a type index for each defined function. */
export function decodeFuncTypes(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  const { functions } = m.limits;
  if (m.importedFuncs + n > functions) throw overLimit("functions", m.importedFuncs + n, functions, at);
  const all = new Uint32Array(m.importedFuncs + n);
  all.set(m.funcTypes);
  for (let i = 0; i < n; i++) all[m.importedFuncs + i] = r.u32();
  m.funcTypes = all;
}

export function decodeCode(r: Reader, m: DecodedModule): void {
  const at = r.pos;
  const n = r.count();
  const { functions } = m.limits;
  if (m.importedFuncs + n > functions) throw overLimit("functions", m.importedFuncs + n, functions, at);
  const sectionEnd = r.end;
  for (let i = 0; i < n; i++) {
    m.funcs.push(decodeFunc(r, m, m.importedFuncs + i));
    r.end = sectionEnd;
  }
}

/** Parameters of function `func`; 0 when it has no such type, which is told later. */
function paramCount(m: DecodedModule, func: number): number {
  const comp = m.types[m.funcTypes[func] ?? -1]?.comp;
  return comp?.kind === "func" ? comp.params.length : 0;
}

function decodeFunc(r: Reader, m: DecodedModule, func: number): Func {
  const at = r.pos;
  const size = r.u32();
  if (size > r.remaining) {
    throw malformed("lengthOutOfBounds", at, `: body of ${size} bytes, ${r.remaining} left`, func);
  }
  if (size > m.limits.bodyBytes) throw overLimit("bodyBytes", size, m.limits.bodyBytes, at, func);
  r.func = func;
  r.end = r.pos + size;
  const locals: number[] = [];
  let localCount = 0;
  for (let runs = r.count(); runs > 0; runs--) {
    const n = r.u32();
    locals.push(n, readValType(r));
    localCount += n;
  }
  if (localCount > MAX_U32) throw malformed("tooManyLocals", at, `: ${localCount}`, func);
  const all = paramCount(m, func) + localCount;
  if (all > m.limits.locals) throw overLimit("locals", all, m.limits.locals, at, func);
  const body = { start: r.pos, end: r.end };
  r.pos = r.end;
  r.func = undefined;
  // A body without declaration gets any type: that their numbers differ is told at the end.
  return { type: m.funcTypes[func] ?? 0, locals, localCount, body };
}
