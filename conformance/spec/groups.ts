/**
 * Which proposal each file of the official suite belongs to, and what an engine needs for it.
 *
 * A few files of "1.0 core" use later syntax; they stand where the suite's history has them.
 */
import type { Feature } from "../../engine/index.ts";

export interface Group {
  readonly title: string;
  readonly needs: readonly Feature[];
  /** Matched against the path below the suite, without `.wast`. */
  readonly files: RegExp;
}

const only = (names: string): RegExp => new RegExp(`^(${names.trim().split(/\s+/).join("|")})$`);

/** In order: the first whose pattern matches a file owns it. */
export const groups: readonly Group[] = [
  { title: "proposal: threads", needs: ["threads"], files: /^proposals\/threads\// },
  { title: "proposal: custom-page-sizes", needs: ["custom-page-sizes"], files: /^proposals\/custom-page-sizes\// },
  { title: "proposal: wide-arithmetic", needs: ["wide-arithmetic"], files: /^proposals\/wide-arithmetic\// },
  { title: "proposal: custom-descriptors", needs: ["custom-descriptors"], files: /^proposals\/custom-descriptors\// },
  { title: "legacy exceptions", needs: ["legacy-exceptions"], files: /^legacy\// },
  { title: "custom-section text", needs: [], files: /^custom\// },
  {
    title: "2.0 bulk-memory",
    needs: ["bulk-memory"],
    files: only("bulk memory_(copy|fill|init) table_(copy|fill|init) table-sub"),
  },
  {
    title: "2.0 reference-types",
    needs: ["reference-types"],
    files: only("ref_(func|is_null|null) table_(get|grow|set|size)"),
  },
  { title: "3.0 tail-call", needs: ["tail-call"], files: only("return_call return_call_indirect") },
  { title: "3.0 exceptions", needs: ["exceptions"], files: only("tag throw throw_ref try_table") },
  {
    title: "3.0 function-references",
    needs: ["function-references"],
    files: only("br_on_null br_on_non_null call_ref local_init ref ref_as_non_null return_call_ref"),
  },
  {
    title: "3.0 gc",
    needs: ["gc"],
    files: only(`array array_\\w+ binary-gc br_on_cast br_on_cast_fail extern i31 ref_cast ref_eq ref_test struct
      type-canon type-equivalence type-rec type-subtyping`),
  },
  {
    title: "3.0 memory64/table64",
    needs: ["memory64"],
    files: only(`table_copy_mixed memory64-imports binary_leb128_64
      (address|align|bulk|call_indirect|endianness|float_memory|load|memory|memory_\\w+|table|table_\\w+)64`),
  },
  {
    title: "3.0 multi-memory",
    needs: ["multi-memory"],
    files: only(`(address|align|binary|data|data_drop|exports|float_exprs|float_memory|imports|linking|load)[0-4]
      memory_(copy|fill|init|size|trap)[0-4] (start|store|traps)[0-4]
      memory-multi memory_grow memory_size_import simd_memory-multi`),
  },
  { title: "3.0 relaxed-simd", needs: ["relaxed-simd"], files: /relaxed_/ },
  { title: "2.0 simd", needs: ["simd"], files: /^simd_/ },
  { title: "3.0 annotations", needs: [], files: only("annotations") },
  { title: "3.0 script instances", needs: [], files: only("instance") },
  { title: "1.0 core", needs: [], files: /^[^/]+$/ },
];

/** Files outside the suite's layout. */
const others: Group = { title: "other", needs: [], files: /^/ };

/** The group of a path below the suite. */
export function groupOf(file: string): Group {
  const name = file.replace(/\.wast$/, "").replaceAll("\\", "/");
  return groups.find((group) => group.files.test(name)) ?? others;
}
