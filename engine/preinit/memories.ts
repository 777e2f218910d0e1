/**
 * Sections that make memories as they are: sizes, and contents as active data segments.
 *
 * The indices of segments stay what they are, since code names them. A segment that has been dropped, as every active one
 * is once it was written, gives its place to a range of a memory; a place that is left over gets an empty segment.
 */
import { s, u } from "../binary/encode.ts";
import { type Part, type Payload, sectionIds } from "../binary/rewrite.ts";
import type { ResolvedLimits } from "../faults.ts";
import type { Data, Module } from "../module.ts";
import type { ModuleInst } from "../runtime/instance.ts";
import type { AddrType } from "../types.ts";
import { copyResized, itemsOf } from "./copy.ts";
import { tooLarge } from "./refusal.ts";
import { type Run, RunList } from "./runs.ts";

/** The memory section with the sizes of now. */
export function memorySection({ module, mems }: ModuleInst): Payload {
  const defined = mems.slice(module.importedMems);
  const r = itemsOf(module, sectionIds.memory);
  return [u(defined.length), ...defined.flatMap((mem) => copyResized(r, r.pos, mem.size()))];
}

/** The data segments. @throws WasmError WT5804 */
export function dataSegments(inst: ModuleInst, limits: ResolvedLimits): Payload[] {
  const { module } = inst;
  const isFree = Array.from(module.datas, (data, i) => !isKept(inst, data, i));
  const runs = findRuns(inst, limits.dataSegments - isFree.filter((free) => !free).length);
  const left = runs.values();
  const segmentFor = (run: Run): Payload => [
    header(run.mem, inst.mems[run.mem].declared.addr, run.start),
    u(run.end - run.start),
    inst.mems[run.mem].bytes.subarray(run.start, run.end),
  ];
  const segments = Array.from(module.datas, (data, i) => {
    if (!isFree[i]) return [module.bytes.subarray(data.offset, data.init.end)];
    const { value: run } = left.next();
    return run === undefined ? [emptied(module, data)] : segmentFor(run);
  });
  for (const run of left) segments.push(segmentFor(run));
  return segments;
}

/** What the module itself will do again, or what code can still use. */
function isKept({ module, datas }: ModuleInst, { mode }: Data, i: number): boolean {
  return mode.kind === "active" ? mode.idx < module.importedMems : datas[i].length > 0;
}

/** @param most  segments there is room for */
function findRuns({ module, mems }: ModuleInst, most: number): readonly Run[] {
  const defined = mems.slice(module.importedMems);
  if (most < defined.length) throw tooLarge(`${module.datas.length} data segments leave no room for the memory`);
  const list = new RunList(most);
  for (const [i, mem] of defined.entries()) list.addMemory(module.importedMems + i, mem);
  return list.take();
}

/** Of an active segment, up to its bytes. */
const header = (mem: number, addr: AddrType, at: number): number[] => [
  ...(mem === 0 ? [0] : [2, ...u(mem)]),
  ...(addr === "i64" ? [0x42, ...s(at)] : [0x41, ...s(at | 0)]),
  0x0b,
];

/** A segment like `data` without bytes. An active one stays so: it needs nothing that the module did not need before. */
const emptied = (module: Module, { mode }: Data): Part =>
  mode.kind === "active" ? [...header(mode.idx, module.memTypes[mode.idx].addr, 0), 0] : [1, 0];
