/** Reads the function and code sections: types, local declarations, where bodies are. Spec: binary/modules. */
import { malformed, overLimit } from "../faults.ts";
import type { CodeRange, Func } from "../module.ts";
import type { DecodedModule } from "./decoded.ts";
import { Reader } from "./reader.ts";
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
  const declarations = r.pos;
  let localCount = 0;
  for (let runs = r.count(); runs > 0; runs--) {
    localCount += r.u32();
    readValType(r);
  }
  if (localCount > MAX_U32) throw malformed("tooManyLocals", at, `: ${localCount}`, func);
  const all = paramCount(m, func) + localCount;
  if (all > m.limits.locals) throw overLimit("locals", all, m.limits.locals, at, func);
  const start = r.pos;
  r.pos = r.end;
  r.func = undefined;
  // A body without declaration gets any type: that their numbers differ is told at the end.
  return new DecodedFunc(m, m.funcTypes[func] ?? 0, localCount, declarations, start, r.end);
}

/** One object for each function, as some modules have 100,000: its parts are made when they are asked for. */
class DecodedFunc implements Func {
  readonly type: number;
  readonly localCount: number;
  readonly declarations: number;
  private readonly module: DecodedModule;
  private readonly start: number;
  private readonly end: number;
  private runs: readonly number[] | undefined = undefined;

  constructor(
    module: DecodedModule,
    type: number,
    localCount: number,
    declarations: number,
    start: number,
    end: number,
  ) {
    this.module = module;
    this.type = type;
    this.localCount = localCount;
    this.declarations = declarations;
    this.start = start;
    this.end = end;
  }

  get body(): CodeRange {
    return { start: this.start, end: this.end };
  }

  get locals(): readonly number[] {
    this.runs ??= readRuns(new Reader(this.module.bytes, this.declarations, this.start));
    return this.runs;
  }
}

/** The local declarations at `r`, which were read before. */
function readRuns(r: Reader): number[] {
  const locals: number[] = [];
  for (let runs = r.u32(); runs > 0; runs--) locals.push(r.u32(), readValType(r));
  return locals;
}
