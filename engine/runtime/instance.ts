/**
 * Instances of modules as the tiers see them. Everything a running guest can change is reachable from here and from its
 * frames. Spec: exec/runtime (module instances).
 */
import type { Runner } from "../blocked.ts";
import type { Module } from "../module.ts";
import type { InstanceTier } from "../tier.ts";
import type { FlatCode } from "./flat-code.ts";
import type { FuncInst, TagInst } from "./func.ts";
import type { GlobalCells, GlobalInst } from "./global.ts";
import { HeapMeter } from "./heap-meter.ts";
import type { MemInst } from "./memory.ts";
import { Meter } from "./meter.ts";
import type { TableInst } from "./table.ts";
import type { Val } from "./value.ts";

export type Extern = FuncInst | MemInst | TableInst | GlobalInst | TagInst;

export class ModuleInst {
  readonly module: Module;
  readonly code: FlatCode;
  readonly funcs: FuncInst[] = [];
  readonly tables: TableInst[] = [];
  readonly mems: MemInst[] = [];
  readonly globals: GlobalInst[] = [];
  readonly tags: TagInst[] = [];
  /** Segments; emptied when dropped. */
  readonly elems: (readonly Val[])[] = [];
  readonly datas: Uint8Array[] = [];
  /** Defined globals. */
  readonly cells: GlobalCells;
  readonly runner: Runner | undefined;
  /** What its guest may use. */
  readonly meter: Meter;
  /** Limits what it allocates on the JavaScript heap. */
  readonly heap: HeapMeter;
  /** Compiles its functions; undefined: the interpreter does everything. */
  tier: InstanceTier | undefined = undefined;

  constructor(
    module: Module,
    code: FlatCode,
    cells: GlobalCells,
    runner: Runner | undefined,
    meter: Meter = new Meter(),
    heap: HeapMeter = new HeapMeter(),
  ) {
    this.module = module;
    this.code = code;
    this.cells = cells;
    this.runner = runner;
    this.meter = meter;
    this.heap = heap;
  }

  /** Words of the defined globals. */
  get globalWords(): Int32Array {
    return this.cells.I;
  }

  /** View of memory 0; of nothing without one. */
  get view(): DataView {
    return this.mems.length > 0 ? this.mems[0].view : noMemory;
  }
}

const noMemory = new DataView(new ArrayBuffer(0));
