/**
 * Sections that make tables as they are: sizes, and contents as active element segments. Indices of segments stay what
 * they are, in the way of `memories.ts`; but a place is only taken by a segment of the same type, since code that names
 * it was checked against that.
 */
import { readConstExpr } from "../binary/const-expr.ts";
import { refType as encodeRefType, s, u } from "../binary/encode.ts";
import { type Part, type Payload, sectionIds } from "../binary/rewrite.ts";
import { readRefType } from "../binary/types.ts";
import type { ResolvedLimits } from "../faults.ts";
import type { Elem, Module } from "../module.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { Val } from "../runtime/value.ts";
import { type AddrType, FUNCREF, heapTypes, refType, type ValType } from "../types.ts";
import { copyResized, itemsOf } from "./copy.ts";
import { tooLarge } from "./refusal.ts";
import { checkRemade, type ValueWriter } from "./values.ts";

/** Of elements given as function indices. */
const FUNCS: ValType = refType(heapTypes.func, false);
/** Segments of one table; with more, one segment has the nulls between them too. */
const MAX_RUNS = 1000;
const HAS_INIT = 0x40;
/** Elements that are gathered before they become an array of bytes. */
const CHUNK = 1 << 16;

/** The table section with the sizes of now. */
export function tableSection({ module, tables }: ModuleInst): Payload {
  const r = itemsOf(module, sectionIds.table);
  const parts: Part[] = [u(module.tables.length)];
  for (const [i, { init }] of module.tables.entries()) {
    const start = r.pos;
    if (r.bytes[start] === HAS_INIT) r.pos += 2;
    readRefType(r);
    parts.push(...copyResized(r, start, tables[module.importedTables + i].length));
    if (init !== undefined) {
      readConstExpr(r);
      parts.push(r.bytes.subarray(init.start, init.end));
    }
  }
  return parts;
}

/** A segment to come, and the type of its elements as code sees it. */
interface Segment {
  readonly type: ValType;
  readonly parts: Payload;
}

/** The element segments. @throws WasmError WT5801, WT5804 */
export function elemSegments(inst: ModuleInst, values: ValueWriter, limits: ResolvedLimits): Payload[] {
  const { module } = inst;
  const left = byType(allContents(inst, values, limits));
  const segments = module.elems.map((elem, i): Payload => {
    if (!isKept(inst, elem, i)) return left.get(elem.type)?.next().value ?? emptied(module, elem);
    for (const v of inst.elems[i]) checkRemade(v, `element segment ${i}`);
    return [copyOf(module, i)];
  });
  return [...segments, ...[...left.values()].flatMap((rest) => [...rest])];
}

function allContents(inst: ModuleInst, values: ValueWriter, limits: ResolvedLimits): Segment[] {
  const { importedTables } = inst.module;
  return inst.tables.slice(importedTables).flatMap(({ length }, i) => {
    const idx = importedTables + i;
    if (length > limits.elemInits) {
      throw tooLarge(`table ${idx} has ${length} elements; ${limits.elemInits} are allowed`);
    }
    return contentsOf(inst, idx, values);
  });
}

/** The segments of each type, to be taken in order. */
function byType(segments: readonly Segment[]): ReadonlyMap<ValType, IterableIterator<Payload>> {
  const types = new Map<ValType, Payload[]>();
  for (const { type, parts } of segments) {
    const alike = types.get(type);
    if (alike === undefined) types.set(type, [parts]);
    else alike.push(parts);
  }
  return new Map([...types].map(([type, alike]) => [type, alike.values()]));
}

/** What the module itself will do again, or what code can still use. */
function isKept({ module, elems }: ModuleInst, { mode }: Elem, i: number): boolean {
  if (mode.kind === "active") return mode.idx < module.importedTables;
  return mode.kind === "declarative" || elems[i].length > 0;
}

function contentsOf(inst: ModuleInst, idx: number, values: ValueWriter): Segment[] {
  const { elems } = inst.tables[idx];
  // Where a table starts with something else than null, nulls must be written too.
  const starts = inst.module.tables[idx - inst.module.importedTables].init === undefined ? findRuns(elems) : undefined;
  const runs = starts ?? (elems.length > 0 ? [{ start: 0, end: elems.length }] : []);
  return runs.map((run) => segmentOf(inst, idx, run, values));
}

/** Elements `[start, end)`. */
interface Run {
  readonly start: number;
  readonly end: number;
}

/** Ranges without null; undefined when there are too many. */
function findRuns(elems: readonly Val[]): Run[] | undefined {
  const runs: Run[] = [];
  for (let i = 0; i < elems.length; i++) {
    if (elems[i] === null) continue;
    const start = i;
    while (i < elems.length && elems[i] !== null) i++;
    runs.push({ start, end: i });
    if (runs.length > MAX_RUNS) return undefined;
  }
  return runs;
}

function segmentOf({ module, tables }: ModuleInst, idx: number, { start, end }: Run, values: ValueWriter): Segment {
  const { elem, addr } = module.tableTypes[idx];
  const { elems } = tables[idx];
  const isFuncs = elem === FUNCREF && !elems.slice(start, end).includes(null);
  const type = isFuncs ? FUNCS : elem;
  const parts: Part[] = [[...header(idx, addr, start, isFuncs, type), ...u(end - start)]];
  let chunk: number[] = [];
  for (let i = start; i < end; i++) {
    const code = values.reference(elems[i], elem, `element ${i} of table ${idx}`);
    // As a function index: `ref.func` without opcode and `end`.
    chunk.push(...(isFuncs ? code.slice(1, -1) : code));
    if (chunk.length < CHUNK) continue;
    parts.push(Uint8Array.from(chunk));
    chunk = [];
  }
  return { type, parts: [...parts, chunk] };
}

/** Of an active segment, up to the number of its elements. */
function header(idx: number, addr: AddrType, at: number, isFuncs: boolean, type: ValType): number[] {
  const offset = [...(addr === "i64" ? [0x42, ...s(at)] : [0x41, ...s(at | 0)]), 0x0b];
  if (idx === 0 && (isFuncs || type === FUNCREF)) return [isFuncs ? 0 : 4, ...offset];
  return [isFuncs ? 2 : 6, ...u(idx), ...offset, ...(isFuncs ? [0] : encodeRefType(type))];
}

/** A segment like `elem` without elements. An active one stays so: it needs nothing the module did not need before. */
function emptied(module: Module, { mode, init, type }: Elem): Payload {
  const isFuncs = init.kind === "funcs";
  if (mode.kind === "active") {
    return [[...header(mode.idx, module.tableTypes[mode.idx].addr, 0, isFuncs, type), 0]];
  }
  return [isFuncs ? [1, 0, 0] : [5, ...encodeRefType(type), 0]];
}

function copyOf(module: Module, i: number): Uint8Array {
  const section = module.sections.find(({ id }) => id === sectionIds.elem)!;
  return module.bytes.subarray(module.elems[i].offset, module.elems[i + 1]?.offset ?? section.range.end);
}
