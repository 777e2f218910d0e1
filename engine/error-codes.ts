/**
 * What each error code of the engine means, for `wasmts explain` and the documentation.
 *
 * Rows for limits and proposals are made from their own tables. The compiler demands a row for each code that
 * `faults.ts` and `errors.ts` have.
 */
import type { traps } from "./errors.ts";
import { featureCodes, type invalidFaults, limitCodes, type malformedFaults } from "./faults.ts";
import { type Feature, features } from "./features.ts";
import { type ModuleLimit, moduleLimits } from "./limits.ts";
import type { snapshotFaults } from "./snapshot/errors.ts";

export interface ErrorCode {
  /** One line, no full stop. */
  readonly title: string;
  /** Sentences. */
  readonly explanation: string;
  /** Something that gives the error, or the command that mends it. */
  readonly example: string;
}

type CodeOf<T extends Record<string, readonly [string, string]>> = T[keyof T][0];
type CodeOfFault<T extends Record<string, readonly [string, string, string, string]>> = T[keyof T][1];
/** Codes that have a row below. */
type WrittenCode =
  | CodeOf<typeof malformedFaults>
  | CodeOf<typeof invalidFaults>
  | CodeOf<typeof traps>
  | `WT300${1 | 2 | 3 | 4 | 5}`
  | "WT4900"
  | `WT500${1 | 2 | 3 | 4 | 5 | 6 | 7 | 8}`
  | `WT401${7 | 8}`
  | `WT580${1 | 2 | 3 | 4 | 5}`
  | "WT5010"
  | CodeOfFault<typeof snapshotFaults>;

const written = {
  WT1001: {
    title: "the file does not start like a WebAssembly module",
    explanation:
      "A module starts with the bytes 00 61 73 6d (a NUL and `asm`). This file starts otherwise, and wasmts does not recognise what it is.",
    example: "a file that starts with `wasm` instead of 00 `asm`",
  },
  WT1002: {
    title: "unknown binary version",
    explanation:
      "After the magic number a module has the version 1 as four bytes, 01 00 00 00. Drafts before 2017 had others. A component has another version and layer and is told apart (WT1922).",
    example: "00 61 73 6d 0d 00 00 00",
  },
  WT1003: {
    title: "unexpected end",
    explanation:
      "The file, a section or a function body ends where more bytes must follow. The file was cut, or a size or count in it is wrong.",
    example: "a section that announces 3 functions and has bytes for 2",
  },
  WT1004: {
    title: "length out of bounds",
    explanation:
      "A section, body or name announces more bytes than are left. The file was probably cut: compare its size with the original.",
    example: "a name of 2000000 bytes in a file of 40",
  },
  WT1005: {
    title: "integer representation too long",
    explanation: "Integers are LEB128: at most 5 bytes for 32 bits, 10 for 64 bits. This one goes on.",
    example: "80 80 80 80 80 00 for a 32-bit zero",
  },
  WT1006: {
    title: "integer too large",
    explanation: "The last byte of a LEB128 integer has bits that do not fit in its type.",
    example: "80 80 80 80 10 for a 32-bit integer (it is 2^32)",
  },
  WT1007: {
    title: "malformed UTF-8",
    explanation:
      "Names of imports, exports and custom sections must be well-formed UTF-8: no overlong forms, no surrogates, nothing above U+10FFFF.",
    example: "an export named by the single byte ff",
  },
  WT1008: {
    title: "malformed section id",
    explanation:
      "Sections are numbered 0 to 13. Often the size of the section before is wrong, so that its rest is read as a section.",
    example: "a section with the id 14",
  },
  WT1009: {
    title: "section out of order or repeated",
    explanation:
      "Sections other than custom ones come at most once and in a fixed order: type, import, function, table, memory, tag, global, export, start, element, data count, code, data.",
    example: "two memory sections, or an import section after the functions",
  },
  WT1010: {
    title: "section size mismatch",
    explanation: "The contents of a section or function body are shorter or longer than its size says.",
    example: "a type section of 7 bytes whose one type takes 3",
  },
  WT1011: {
    title: "function and code section disagree",
    explanation: "Every function declared in the function section has one body in the code section.",
    example: "two functions declared, one body",
  },
  WT1012: {
    title: "data count disagrees with the data section",
    explanation: "The data count section, if there is one, gives the number of data segments.",
    example: "a count of 3 and two segments",
  },
  WT1013: {
    title: "data count section required",
    explanation:
      "Code that uses memory.init or data.drop needs the data count section before it. A tool that rewrites modules dropped it.",
    example: "memory.init 0 in a module with sections 10 and 11, but not 12",
  },
  WT1014: {
    title: "illegal opcode",
    explanation:
      "No instruction of WebAssembly, nor of a proposal wasmts knows, has this opcode. The code is damaged, or a size before it is wrong.",
    example: "the byte ff as an instruction",
  },
  WT1015: {
    title: "END opcode expected",
    explanation: "A function body must end with the end instruction of its outermost block, and else belongs in an if.",
    example: "a body that stops after i32.const 1",
  },
  WT1016: {
    title: "malformed value type",
    explanation: "This byte is no value type. Those of WebAssembly 1.0 are 7f (i32), 7e (i64), 7d (f32) and 7c (f64).",
    example: "a parameter of type 79",
  },
  WT1017: {
    title: "malformed reference type",
    explanation: "Here a reference type must stand, such as 70 (funcref) or 6f (externref).",
    example: "a table of i32",
  },
  WT1018: {
    title: "malformed heap type",
    explanation: "Here a heap type must stand: func, extern, another abstract one, or a type index.",
    example: "ref.null of the byte 7f",
  },
  WT1019: {
    title: "malformed definition type",
    explanation: "A type in the type section starts with 60 (function), or with one of the forms of the gc proposal.",
    example: "a type that starts with 61",
  },
  WT1020: {
    title: "malformed limits flags",
    explanation:
      "The limits of a table or memory start with a byte of flags: 0 or 1 in WebAssembly 1.0, some more bits in proposals.",
    example: "a memory with flags 10",
  },
  WT1021: {
    title: "malformed mutability",
    explanation: "After the type of a global comes 0 (constant) or 1 (mutable).",
    example: "a global i32 with mutability 4",
  },
  WT1022: {
    title: "malformed import kind",
    explanation: "An import is of kind 0 (function), 1 (table), 2 (memory), 3 (global) or 4 (tag).",
    example: "an import of kind 5",
  },
  WT1023: {
    title: "malformed export kind",
    explanation: "An export is of kind 0 (function), 1 (table), 2 (memory), 3 (global) or 4 (tag).",
    example: "an export of kind 5",
  },
  WT1024: {
    title: "malformed element kind",
    explanation: "In an element segment of function indices the element kind is 0.",
    example: "a passive segment with element kind 1",
  },
  WT1025: {
    title: "malformed element segment",
    explanation: "An element segment starts with a number from 0 to 7 that tells its form.",
    example: "a segment that starts with 8",
  },
  WT1026: {
    title: "malformed data segment",
    explanation: "A data segment starts with 0 (active), 1 (passive) or 2 (active, with memory index).",
    example: "a segment that starts with 3",
  },
  WT1027: {
    title: "malformed flags of a load or store",
    explanation:
      "The first immediate of a load or store is the alignment, with bit 6 set if a memory index follows. Nothing above is allowed.",
    example: "i32.load with flags 80 01",
  },
  WT1028: {
    title: "too many locals",
    explanation: "The local declarations of a function add up to 2^32 or more.",
    example: "two runs of 2^31 locals",
  },
  WT1029: {
    title: "zero byte expected",
    explanation: "The format reserves a byte that must be zero here.",
    example: "a tag whose attribute is 1",
  },
  WT1032: {
    title: "invalid custom page size",
    explanation: "The logarithm of a memory's page size is 64 or more: no size has so many bits.",
    example: "(memory 0 (pagesize 2^65))",
  },
  WT1030: {
    title: "malformed cast flags",
    explanation: "The flags of br_on_cast or br_on_cast_fail, a byte from 0 to 3, have another value.",
    example: "fb 18 04",
  },
  WT1035: {
    title: "malformed catch clause",
    explanation:
      "A clause of try_table starts with a byte other than 0 to 3 (catch, catch_ref, catch_all, catch_all_ref).",
    example: "1f 40 01 04 in a body",
  },
  WT1101: {
    title: "the file is empty",
    explanation: "There is nothing in the file. A build or a download failed.",
    example: "wasmts run empty.wasm",
  },
  WT1102: {
    title: "this is the WebAssembly text format",
    explanation: "wasmts runs binary modules. Assemble the text first, for example with wat2wasm or wasm-tools parse.",
    example: "wat2wasm program.wat -o program.wasm",
  },
  WT1103: {
    title: "this is a gzip file",
    explanation: "The module is compressed. Decompress it first.",
    example: "gunzip < module.wasm.gz > module.wasm",
  },
  WT1104: {
    title: "this is a zip archive",
    explanation: "The module may be inside. Extract it first.",
    example: "unzip release.zip",
  },
  WT1105: {
    title: "this is HTML",
    explanation: "A download gave a web page, often an error page, instead of the file.",
    example: "curl -L -f -o module.wasm URL",
  },
  WT1106: {
    title: "this is a Git LFS pointer",
    explanation: "The repository keeps the file in Git LFS, and only the pointer was checked out.",
    example: "git lfs pull",
  },
  WT1107: {
    title: "this is a native executable",
    explanation: "The program was built for this or another machine, not for WebAssembly.",
    example: "cargo build --target wasm32-wasip1",
  },
  WT1108: {
    title: "this is a script",
    explanation:
      "Toolchains such as Emscripten and wasm-bindgen write a JavaScript loader beside the module. Give the module.",
    example: "wasmts run program.wasm   (not program.js)",
  },
  WT1109: {
    title: "this is a module in base64",
    explanation: "The text is a module in base64. Decode it first.",
    example: "base64 -d module.b64 > module.wasm",
  },
  WT2001: {
    title: "type mismatch",
    explanation:
      "An instruction finds operands of other types than it takes, too few, or too many are left at the end of a block. A compiler or a tool that rewrites modules has a bug.",
    example: "(func (result i32) (i64.const 1))",
  },
  WT2002: {
    title: "unknown type",
    explanation: "A type index is not below the number of types, or names a type that comes later.",
    example: "(func (type 7)) in a module with one type",
  },
  WT2003: {
    title: "unknown function",
    explanation: "A function index is not below the number of functions, imported ones included.",
    example: "(func (call 7)) in a module with one function",
  },
  WT2004: {
    title: "unknown table",
    explanation: "A table index is not below the number of tables.",
    example: "call_indirect in a module without table",
  },
  WT2005: {
    title: "unknown memory",
    explanation: "A memory index is not below the number of memories.",
    example: "i32.load in a module without memory",
  },
  WT2006: {
    title: "unknown global",
    explanation:
      "A global index is not below the number of globals; in a constant expression only globals that come before count.",
    example: "(func (global.get 0) drop) in a module without globals",
  },
  WT2007: {
    title: "unknown tag",
    explanation: "A tag index is not below the number of tags.",
    example: "(func (throw 0)) in a module without tags",
  },
  WT2008: {
    title: "unknown local",
    explanation: "A local index is not below the number of parameters and locals.",
    example: "(func (param i32) (local.get 1) drop)",
  },
  WT2009: {
    title: "unknown label",
    explanation: "A branch goes out of more blocks than there are.",
    example: "(func (block (br 2)))",
  },
  WT2010: {
    title: "unknown element segment",
    explanation: "An element segment index is not below the number of segments.",
    example: "(func (elem.drop 0)) in a module without segments",
  },
  WT2011: {
    title: "unknown data segment",
    explanation: "A data segment index is not below the number of segments.",
    example: "(func (data.drop 0)) in a module without segments",
  },
  WT2012: {
    title: "alignment larger than natural",
    explanation: "The alignment of a load or store, a hint, must not be larger than the bytes it moves.",
    example: "(i32.load align=8 (i32.const 0))",
  },
  WT2013: {
    title: "offset out of range",
    explanation: "The offset of a load or store must be below 2^32 for a memory with 32-bit addresses.",
    example: "(i32.load offset=4294967296 (i32.const 0))",
  },
  WT2014: {
    title: "duplicate export name",
    explanation: "Two exports have the same name.",
    example: '(func (export "a")) (func (export "a"))',
  },
  WT2015: {
    title: "constant expression required",
    explanation:
      "Initial values and segment offsets may only use constants, references, immutable globals that come before, and i32/i64 add, sub and mul.",
    example: "(global i32 (i32.ctz (i32.const 1)))",
  },
  WT2016: {
    title: "immutable global",
    explanation: "global.set on a global that is not mutable.",
    example: "(global i32 (i32.const 0)) (func (global.set 0 (i32.const 1)))",
  },
  WT2017: {
    title: "invalid result arity",
    explanation: "The select with types has exactly one.",
    example: "(select (result i32 i32) ...)",
  },
  WT2018: {
    title: "start function has parameters or results",
    explanation: "The start function is called by no one, so it takes and gives nothing.",
    example: "(func $main (result i32) (i32.const 0)) (start $main)",
  },
  WT2019: {
    title: "memory too large",
    explanation: "A memory with 32-bit addresses has at most 65536 pages (4 GiB), as minimum and maximum.",
    example: "(memory 65537)",
  },
  WT2020: {
    title: "table too large",
    explanation: "A table with 32-bit indices has at most 2^32-1 elements, as minimum and maximum.",
    example: "(table 0x1_0000_0000 funcref)",
  },
  WT2021: {
    title: "minimum above maximum",
    explanation: "The minimum of a table or memory is above its maximum.",
    example: "(memory 2 1)",
  },
  WT2022: {
    title: "undeclared function reference",
    explanation: "ref.func in a body may only name functions that appear in an export, an element segment or a global.",
    example: "(func $f (drop (ref.func $f)))",
  },
  WT2023: {
    title: "not a subtype",
    explanation: "A type extends one that is final, or that it does not match.",
    example: "(type $t (func)) (type $s (sub $t (func)))",
  },
  WT2024: {
    title: "uninitialized local",
    explanation: "A local of a type without default value is read before it is set on every path.",
    example: "(func (local (ref func)) (local.get 0) drop)",
  },
  WT2025: {
    title: "tag with results",
    explanation: "The type of an exception tag has parameters only.",
    example: "(tag (result i32))",
  },
  WT2026: {
    title: "shared memory without maximum",
    explanation: "A shared memory cannot be moved, so its maximum must be known.",
    example: "(memory 1 shared)",
  },
  WT2027: {
    title: "invalid custom page size",
    explanation: "A page has 65536 bytes or one byte.",
    example: "(memory 1 (pagesize 4))",
  },
  WT2028: {
    title: "not a function type",
    explanation: "A function, call or block names a type that is a struct or an array.",
    example: "(type $s (struct)) (func (type $s))",
  },
  WT2040: {
    title: "lane index beyond the vector",
    explanation:
      "The lane that an instruction names must exist in its shape: below 16 for i8x16, below 2 for i64x2, and below 32 for each of the 16 lanes of a shuffle.",
    example: "(i32x4.extract_lane 4 (local.get $v))",
  },
  WT2045: {
    title: "atomic alignment must be natural",
    explanation: "An atomic access must be aligned to its width, and says so: there are no unaligned ones.",
    example: "(i32.atomic.load align=2 (i32.const 0))",
  },
  WT2050: {
    title: "not a structure type",
    explanation: "An instruction on structures names a type that is no structure.",
    example: "(struct.new $f) where $f is a function type",
  },
  WT2051: {
    title: "not an array type",
    explanation: "An instruction on arrays names a type that is no array.",
    example: "(array.len) is fine, (array.get $f) of a function type is not",
  },
  WT2052: {
    title: "unknown field",
    explanation: "The structure type has fewer fields.",
    example: "(struct.get $s 2) of a type with 2 fields",
  },
  WT2053: {
    title: "immutable field",
    explanation: "A field is set that is not declared mutable.",
    example: "(struct.set $s 0) of (struct (field i32))",
  },
  WT2054: {
    title: "immutable array",
    explanation: "An array is written whose elements are not declared mutable.",
    example: "(array.set $a) of (array i32)",
  },
  WT2055: {
    title: "array types do not match",
    explanation: "The elements of the source array do not fit the destination.",
    example: "(array.copy $i32s $i64s)",
  },
  WT2056: {
    title: "array of references from data",
    explanation: "Bytes of a data segment can only become numbers and vectors.",
    example: "(array.new_data $a 0) of (array anyref)",
  },
  WT2057: {
    title: "packed field, or not",
    explanation: "Fields of i8 and i16 are read with a sign (get_s, get_u), all others without (get).",
    example: "(struct.get $s 0) of (struct (field i8))",
  },
  WT2058: {
    title: "wrong use of descriptors",
    explanation:
      "A structure and its descriptor must name each other inside one recursive group, the described type first; types with a descriptor are made with it.",
    example: "(type (descriptor 1) (struct)) without a type 1 that describes it",
  },
  WT2035: {
    title: "rethrow outside a catch block",
    explanation: "The label of rethrow must be that of a try whose catch or catch_all block it is in.",
    example: "(try (do (rethrow 0)))",
  },
  WT3001: {
    title: "unknown import",
    explanation:
      "The module wants something that no one gave it. Either the host lacks the interface the module was built for, or its name is wrong.",
    example: '(import "env" "missing" (func)) run without an import object',
  },
  WT3002: {
    title: "incompatible import type",
    explanation:
      "What was given under the name has another type than the module wants: other parameters, a smaller memory, an immutable global.",
    example: '(import "env" "f" (func (param i32))) given a function (param i64)',
  },
  WT3003: {
    title: "segment does not fit",
    explanation:
      "An active segment does not fit in its table or memory, so the instance could not be made. Since WebAssembly 2.0 this is a trap (WT4005, WT4006).",
    example: '(memory 1) (data (i32.const 65536) "a")',
  },
  WT3004: {
    title: "limit at instantiation",
    explanation:
      "A memory or table starts larger than the limit of the instance allows, or the host has no memory left.",
    example: "(memory 65536) under a limit of 1 GiB",
  },
  WT3005: {
    title: "no such export",
    explanation: "The instance has no export of this name, or it is not a function.",
    example: 'instance.invoke("_start") of a library without _start',
  },
  WT4001: {
    title: "unreachable",
    explanation:
      "The guest ran an unreachable instruction. Compilers put it where a program aborts: a panic, a failed assertion, abort().",
    example: "(func unreachable)",
  },
  WT4002: {
    title: "integer divide by zero",
    explanation: "An integer division or remainder by zero.",
    example: "(i32.div_s (i32.const 1) (i32.const 0))",
  },
  WT4003: {
    title: "integer overflow",
    explanation: "The smallest integer divided by -1, or a float out of range converted to an integer.",
    example: "(i32.div_s (i32.const 0x80000000) (i32.const -1))",
  },
  WT4004: {
    title: "invalid conversion to integer",
    explanation: "A NaN converted to an integer by a trapping conversion.",
    example: "(i32.trunc_f32_s (f32.const nan))",
  },
  WT4005: {
    title: "out of bounds memory access",
    explanation:
      "A load, store or bulk operation reaches beyond the end of the memory. In the guest's language it is a wild pointer or a buffer overrun.",
    example: "(i32.load (i32.const -1))",
  },
  WT4006: {
    title: "out of bounds table access",
    explanation: "A table operation reaches beyond the end of the table.",
    example: "(table.get 0 (i32.const 100)) of a table of 10",
  },
  WT4007: {
    title: "undefined element",
    explanation: "An indirect call with an index beyond the end of the table: a wild function pointer.",
    example: "(call_indirect (i32.const 100)) through a table of 10",
  },
  WT4008: {
    title: "uninitialized element",
    explanation: "An indirect call through a table element that is null: a null function pointer.",
    example: "(call_indirect (i32.const 0)) through a new table",
  },
  WT4009: {
    title: "indirect call type mismatch",
    explanation:
      "The function found in the table has another type than the call says: a function pointer cast to a wrong type.",
    example: "calling (func (param i32)) as (func)",
  },
  WT4010: {
    title: "null reference",
    explanation: "A null where the instruction needs something.",
    example: "(call_ref $t (ref.null $t))",
  },
  WT4011: {
    title: "cast failure",
    explanation: "A reference is not of the type it is cast to.",
    example: "(ref.cast i31ref ...) of a struct",
  },
  WT4012: {
    title: "out of bounds array access",
    explanation: "An array operation reaches beyond the end of the array.",
    example: "(array.get $a (i32.const 3)) of an array of 3",
  },
  WT4013: {
    title: "unaligned atomic",
    explanation: "An atomic access at an address that is not a multiple of its size.",
    example: "(i32.atomic.load (i32.const 1))",
  },
  WT4014: {
    title: "host function failed",
    explanation: "A function of the host threw an error that is not WebAssembly's. The cause is kept.",
    example: "an import that throws TypeError",
  },
  WT4015: {
    title: "uncaught exception",
    explanation: "A WebAssembly exception left the outermost function of the guest.",
    example: "(throw $e) that no one catches",
  },
  WT4016: {
    title: "expected shared memory",
    explanation: "A thread can only wait on a memory that other threads can reach and notify it through.",
    example: "memory.atomic.wait32 on (memory 1 1)",
  },
  WT4017: {
    title: "a call that cannot wait",
    explanation:
      "A host function has to wait, for input, for a clock or for a promise, or the guest has used its share of the processor, and it was called in a way that neither blocks the thread nor suspends the guest.",
    example: 'instance.invoke("f") with an async import: call instance.invokeAsync("f")',
  },
  WT4018: {
    title: "the instance is in the middle of another call",
    explanation:
      "A call of this instance is suspended: it waits, or another turn of the thread is due. The guest's own data may be half changed, so no second call is let in. Wait for the first one, or say with the option `reentrant` that the guest is made for it.",
    example: "two invokeAsync of one instance without awaiting the first",
  },
  WT4900: {
    title: "the guest ended",
    explanation: "The guest called proc_exit. Its exit code is the outcome, not a fault.",
    example: "exit(3) in C",
  },
  WT5001: {
    title: "call stack exhausted",
    explanation:
      "The guest's calls are nested too deep: usually recursion without end. The limit is --max-stack-depth.",
    example: "(func $f (call $f))",
  },
  WT5002: {
    title: "memory limit",
    explanation: "The guest needs more memory than the limit allows.",
    example: "--max-memory 64MiB and a guest that needs 100",
  },
  WT5003: {
    title: "out of fuel",
    explanation: "The guest ran as many instructions as it was given.",
    example: "--fuel 1000000 and a loop without end",
  },
  WT5004: {
    title: "deadline",
    explanation: "The guest did not end in time.",
    example: "--timeout 1s and a loop without end",
  },
  WT5006: {
    title: "cancelled",
    explanation: "The embedder ended the guest by its signal.",
    example: "limits: { signal: controller.signal } and controller.abort()",
  },
  WT5007: {
    title: "too many instances",
    explanation: "The guest may not have another instance.",
    example: "limits: { instances: 1 } and two modules with one meter",
  },
  WT5008: {
    title: "the host holds too much for the guest",
    explanation: "Host functions keep memory for the guest, and have reached the limit.",
    example: "limits: { hostBytes: 2 ** 20 }",
  },
  WT5201: {
    title: "damaged snapshot",
    explanation: "The bytes are no snapshot, are cut short, or were changed: a checksum over all of them is wrong.",
    example: "a snapshot that was copied while it was being written",
  },
  WT5202: {
    title: "snapshot of another version",
    explanation: "The form of snapshots has a version, and this wasmts reads another one.",
    example: "a snapshot written by a later wasmts",
  },
  WT5203: {
    title: "snapshot of another module",
    explanation:
      "A snapshot goes on only with the very modules it was taken of: code addresses in it mean nothing elsewhere. They are told by their SHA-256.",
    example: "a program that was built again since",
  },
  WT5204: {
    title: "snapshot or frames that do not fit their module",
    explanation:
      "A snapshot is checked like a module: every frame must be at a place where the guest can stop, with values of the right number and types, and tables, globals and objects must have theirs. This one was changed or made wrongly.",
    example: "a snapshot edited by hand",
  },
  WT5205: {
    title: "state that a snapshot cannot hold",
    explanation:
      "Some things exist only in this process: objects of the host that a guest refers to, shared memory, functions of instances that are not part of the snapshot, sockets.",
    example: "an externref to an object",
  },
  WT5206: {
    title: "snapshot of a running guest",
    explanation: "A snapshot is taken between two runs, not from inside a host function that the guest has called.",
    example: "instance.snapshot({ activation }) in an imported function",
  },
  WT5207: {
    title: "snapshot of another host",
    explanation:
      "The guest had parts of a host that belong to it, such as open files, or imports that were shared in another way. It goes on only with the same kinds.",
    example: "a snapshot of a WASI program, restored without WASI",
  },
  WT5010: {
    title: "too many different signalling NaNs",
    explanation:
      "Generated JavaScript keeps the bits of 64-bit signalling NaNs in a list, since numbers of JavaScript cannot. The list is full: no program makes so many of them but to fill it.",
    example: "a loop that loads an f64 of every bit pattern; --tier interp has no such limit",
  },
  WT5005: {
    title: "too many types in one process",
    explanation:
      "The types of all modules of a process are kept until it ends, so that equal types of different modules are the same. There are a million different ones now, or they are too large together. Nothing is wrong with this module.",
    example: "a process that compiles modules of strangers for months: give each stranger a process or worker thread",
  },
  WT5801: {
    title: "a reference that no module can start with",
    explanation:
      "When initialisation was over, a global, a table or an element segment held a structure, an array, an exception, a value of the host or a function of another module. A plain module starts with numbers, null, i31 and its own functions.",
    example: "(global.set $cache (struct.new $node ...)) in the function that --init-func names",
  },
  WT5802: {
    title: "a shared memory that should be baked",
    explanation:
      "Other threads can change a shared memory at any time, so there is no moment whose state a module could start with.",
    example: "wasmts snapshot init of a module with (memory 1 1 shared)",
  },
  WT5803: {
    title: "an import that initialisation changed",
    explanation:
      "Imported memories, tables and globals belong to whoever provides them. What initialisation writes to them cannot be in the module, which would start without it.",
    example: '(import "env" "memory" (memory 1)) and an i32.store to it during initialisation',
  },
  WT5804: {
    title: "more state than a module may have",
    explanation:
      "The module with its state would have more bytes, segments or elements than engines accept: 1 GiB, 100000 data segments, 10 million elements.",
    example: "an initialisation that fills 2 GiB of memory with random numbers",
  },
  WT5805: {
    title: "exports that cannot be changed this way",
    explanation:
      "Only functions can be renamed, each once, to a name that is no memory's, table's or global's, and what is renamed or left out must be there.",
    example: "--rename-func _start=mian",
  },
} as const satisfies Record<WrittenCode, ErrorCode>;

function explainFeature(feature: Feature): ErrorCode {
  const { title, standard, state } = features[feature];
  const since =
    standard === "proposal" ? "a proposal that is not part of the standard" : `part of WebAssembly ${standard}`;
  const whys = {
    on: "it is on unless turned off",
    flag: "it is off unless turned on",
    absent: "wasmts does not support it yet",
  };
  const why = whys[state];
  return {
    title: `needs the ${feature} proposal`,
    explanation: `The module uses ${title}: ${since}; ${why}.`,
    example: `a module built with ${feature}; most toolchains have a flag to build without it`,
  };
}

function explainLimit(limit: ModuleLimit): ErrorCode {
  const { what, value } = moduleLimits[limit];
  return {
    title: `too many ${what}`,
    explanation: `To keep hostile modules from exhausting the host, wasmts allows ${value} ${what}, unless told otherwise.`,
    example: `compile(bytes, { moduleLimits: { ${limit}: ${value * 2} } })`,
  };
}

/** The rows of `codes`, each told by `explain`. */
function rowsOf<K extends string>(
  codes: Readonly<Record<K, string>>,
  explain: (key: K) => ErrorCode,
): Record<string, ErrorCode> {
  const keys = Object.keys(codes) as K[];
  return Object.fromEntries(keys.map((key) => [codes[key], explain(key)]));
}

/** Every code of the engine. */
export const errorCodes: Readonly<Record<string, ErrorCode>> = {
  ...written,
  ...rowsOf(featureCodes, explainFeature),
  ...rowsOf(limitCodes, explainLimit),
};
