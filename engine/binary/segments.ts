/** Reads element and data segments. Spec: binary/modules (element section, data section). */
import { DATA_WORDS, DataList } from "../datas.ts";
import { malformed, overLimit } from "../faults.ts";
import type { CodeRange, ConstExpr, Elem, SegmentMode } from "../module.ts";
import { FUNCREF, heapTypes, refType, type ValType } from "../types.ts";
import { readConstExpr } from "./const-expr.ts";
import type { DecodedModule } from "./decoded.ts";
import type { Reader } from "./reader.ts";
import { readRefType } from "./types.ts";

/** Bits of the kind of an element segment. */
const NOT_ACTIVE = 1;
/** Of an active segment: table index follows. Of another: it is declarative. */
const EXPLICIT = 2;
const EXPRS = 4;

const I32_CONST = 0x41;
const END = 0x0b;
/** Most bytes before the bytes of a usual data segment. */
const LONGEST_START = 11;

export function decodeElems(r: Reader, m: DecodedModule): void {
  const n = r.count();
  if (n > m.limits.elemSegments) throw overLimit("elemSegments", n, m.limits.elemSegments, r.pos);
  for (let i = 0; i < n; i++) m.elems.push(readElem(r, m));
}

function readElem(r: Reader, m: DecodedModule): Elem {
  const offset = r.pos;
  const kind = r.u32();
  if (kind > 7) throw malformed("elemSegmentKind", offset, ` ${kind}`);
  if (kind !== 0) r.use("bulk-memory", offset, `element segment of kind ${kind}`);
  const mode = readElemMode(r, kind);
  const hasType = (kind & (NOT_ACTIVE | EXPLICIT)) !== 0;
  if ((kind & EXPRS) !== 0) {
    const type = hasType ? readRefType(r) : FUNCREF;
    return { type, init: { kind: "exprs", exprs: readElemExprs(r, m) }, mode, offset };
  }
  const type = hasType ? readElemKind(r) : refType(heapTypes.func, false);
  return { type, init: { kind: "funcs", funcs: readElemFuncs(r, m) }, mode, offset };
}

function readElemMode(r: Reader, kind: number): SegmentMode {
  if ((kind & NOT_ACTIVE) !== 0) return { kind: (kind & EXPLICIT) === 0 ? "passive" : "declarative" };
  const idx = (kind & EXPLICIT) === 0 ? 0 : r.u32();
  return { kind: "active", idx, at: readConstExpr(r) };
}

function readElemKind(r: Reader): ValType {
  const at = r.pos;
  const byte = r.u8();
  if (byte !== 0) throw malformed("elemKind", at, ` 0x${byte.toString(16).padStart(2, "0")}`);
  return refType(heapTypes.func, false);
}

function readElemFuncs(r: Reader, m: DecodedModule): Uint32Array {
  const funcs = new Uint32Array(readElemCount(r, m));
  for (let i = 0; i < funcs.length; i++) funcs[i] = r.u32();
  return funcs;
}

function readElemExprs(r: Reader, m: DecodedModule): ConstExpr[] {
  return Array.from({ length: readElemCount(r, m) }, () => readConstExpr(r));
}

function readElemCount(r: Reader, m: DecodedModule): number {
  const at = r.pos;
  const n = r.count();
  if (n > m.limits.elemInits) throw overLimit("elemInits", n, m.limits.elemInits, at);
  return n;
}

export function decodeDatas(r: Reader, m: DecodedModule): void {
  const n = r.count();
  if (n > m.limits.dataSegments) throw overLimit("dataSegments", n, m.limits.dataSegments, r.pos);
  const words = new Uint32Array(n * DATA_WORDS);
  const unusual: number[] = [];
  for (let i = readUsualDatas(r, words, 0); i < n; i = readUsualDatas(r, words, i + 1)) {
    words.set(readData(r), i * DATA_WORDS);
    unusual.push(i);
  }
  m.datas = new DataList(words, unusual);
}

/** Reads segments from the `i`th on while they are usual; returns which is not. See `DataList.unusual`. */
function readUsualDatas(r: Reader, words: Uint32Array, i: number): number {
  const { bytes, end } = r;
  const last = end - LONGEST_START;
  let { pos } = r;
  scan: for (let at = i * DATA_WORDS; pos <= last && at < words.length; at += DATA_WORDS) {
    if (bytes[pos] !== 0 || bytes[pos + 1] !== I32_CONST) break;
    let next = pos + 2;
    for (const stop = next + 4; bytes[next] > 0x7f; ) if (++next === stop) break scan;
    if (bytes[next + 1] !== END) break;
    const atEnd = next + 2;
    next = atEnd;
    let size = bytes[next++];
    for (let shift = 7; bytes[next - 1] > 0x7f; shift += 7) {
      if (shift === 28) break scan;
      size = (size & (2 ** shift - 1)) | (bytes[next++] << shift);
    }
    if (size > end - next) break;
    words[at] = pos;
    words[at + 2] = pos + 1;
    words[at + 3] = atEnd;
    words[at + 4] = next;
    pos = next + size;
    words[at + 5] = pos;
    i++;
  }
  r.pos = pos;
  return i;
}

/** One segment, in the words of `DataList`. */
function readData(r: Reader): number[] {
  const offset = r.pos;
  const kind = r.u32();
  if (kind > 2) throw malformed("dataSegmentKind", offset, ` ${kind}`);
  if (kind === 1) r.use("bulk-memory", offset, "passive data segment");
  const mem = kind === 2 ? r.u32() : 0;
  const at = kind === 1 ? nowhere : readConstExpr(r);
  const size = r.u32();
  const start = r.skip(size);
  return [offset, mem, at.start, at.end, start, start + size];
}

const nowhere: CodeRange = { start: 0, end: 0 };
