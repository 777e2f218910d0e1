/**
 * The module while and after it is decoded: `Module` with its lists still open to the decoder.
 */

import { DataList } from "../datas.ts";
import type { ResolvedLimits } from "../faults.ts";
import type { Feature } from "../features.ts";
import type { CustomSection, Elem, Export, Func, Global, Import, Module, Names, Section, Table } from "../module.ts";
import type { GlobalType, MemType, SubType, TableType, TagType } from "../types.ts";
import { decodeNames } from "./name-section.ts";

export class DecodedModule implements Module {
  readonly bytes: Uint8Array;
  readonly limits: ResolvedLimits;
  readonly features: Set<Feature>;
  readonly sections: Section[] = [];
  readonly customs: CustomSection[] = [];
  readonly types: SubType[] = [];
  readonly imports: Import[] = [];
  funcTypes = new Uint32Array(0);
  readonly tableTypes: TableType[] = [];
  readonly memTypes: MemType[] = [];
  readonly globalTypes: GlobalType[] = [];
  readonly tagTypes: TagType[] = [];
  importedFuncs = 0;
  importedTables = 0;
  importedMems = 0;
  importedGlobals = 0;
  importedTags = 0;
  funcs: Func[] = [];
  readonly tables: Table[] = [];
  readonly globals: Global[] = [];
  readonly exports: Export[] = [];
  start: number | undefined = undefined;
  readonly elems: Elem[] = [];
  datas = new DataList(new Uint32Array(0), []);
  dataCount: number | undefined = undefined;
  #names: Names | undefined = undefined;

  constructor(bytes: Uint8Array, limits: ResolvedLimits, features: Set<Feature>) {
    this.bytes = bytes;
    this.limits = limits;
    this.features = features;
  }

  get names(): Names {
    this.#names ??= decodeNames(this);
    return this.#names;
  }
}
