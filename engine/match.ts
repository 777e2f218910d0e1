/**
 * Subtyping between value, heap and composite types of one type space: those of a module, or canonical ones, which
 * compare types of different modules. Spec: valid/matching.
 */
import { canonOf, compOfId, isSubtypeId } from "./canon.ts";
import {
  BOT,
  BOT_HEAP,
  type CompType,
  type FieldType,
  type HeapType,
  heapOf,
  heapTypes,
  isConcrete,
  isExact,
  isNullable,
  isRef,
  type SubType,
  typeIdxOf,
  type ValType,
} from "./types.ts";

/** Direct supertypes of abstract heap types. */
const parents: Readonly<Record<HeapType, HeapType>> = {
  [heapTypes.i31]: heapTypes.eq,
  [heapTypes.struct]: heapTypes.eq,
  [heapTypes.array]: heapTypes.eq,
  [heapTypes.eq]: heapTypes.any,
};
/** Top of the hierarchy that each bottom type is below of. */
const bottoms: Readonly<Record<HeapType, HeapType>> = {
  [heapTypes.none]: heapTypes.any,
  [heapTypes.nofunc]: heapTypes.func,
  [heapTypes.noextern]: heapTypes.extern,
  [heapTypes.noexn]: heapTypes.exn,
};

const isBottom = (heap: HeapType): boolean => heap === BOT_HEAP || bottoms[heap] !== undefined;

/** What type indices mean. */
interface TypeSpace {
  /** Canonical number. */
  idOf(idx: number): number;
  kindOf(idx: number): CompType["kind"];
}

/** The types of a module; they may be invalid as long as no concrete ones are compared. */
class ModuleSpace implements TypeSpace {
  readonly #types: readonly SubType[];
  #canon: Int32Array | undefined;

  constructor(types: readonly SubType[]) {
    this.#types = types;
  }

  idOf(idx: number): number {
    this.#canon ??= canonOf(this.#types);
    return this.#canon[idx]!;
  }

  kindOf(idx: number): CompType["kind"] {
    return this.#types[idx]!.comp.kind;
  }
}

export class Matcher {
  readonly #space: TypeSpace;

  constructor(space: TypeSpace) {
    this.#space = space;
  }

  /** Whether `a` matches `b`. `BOT` matches everything. */
  isSub(a: ValType, b: ValType): boolean {
    if (a === b || a === BOT) return true;
    if (!isRef(a) || !isRef(b)) return false;
    if (isNullable(a) && !isNullable(b)) return false;
    if (isExact(b))
      return isExact(a) ? this.#areEqual(a, b) : isBottom(heapOf(a)) && this.isSubHeap(heapOf(a), heapOf(b));
    return this.isSubHeap(heapOf(a), heapOf(b));
  }

  isSubHeap(a: HeapType, b: HeapType): boolean {
    if (a === b || a === BOT_HEAP) return true;
    if (isConcrete(a))
      return isConcrete(b) ? this.#isSubConcrete(typeIdxOf(a), typeIdxOf(b)) : this.isSubHeap(this.#abstractOf(a), b);
    const top = bottoms[a];
    if (top !== undefined) return this.topOf(b) === top;
    const parent = parents[a];
    return parent !== undefined && this.isSubHeap(parent, b);
  }

  #areEqual(a: ValType, b: ValType): boolean {
    return this.#space.idOf(typeIdxOf(heapOf(a))) === this.#space.idOf(typeIdxOf(heapOf(b)));
  }

  /** Whether composite type `a` matches `b`. */
  isSubComp(a: CompType, b: CompType): boolean {
    if (a.kind === "func") {
      return b.kind === "func" && this.areSubs(b.params, a.params) && this.areSubs(a.results, b.results);
    }
    if (a.kind === "array") return b.kind === "array" && this.#isSubField(a.field, b.field);
    if (b.kind !== "struct" || a.fields.length < b.fields.length) return false;
    return b.fields.every((field, i) => this.#isSubField(a.fields[i]!, field));
  }

  /** Whether each of `a` matches the one of `b` at its place, and there are as many. */
  areSubs(a: readonly ValType[], b: readonly ValType[]): boolean {
    return a.length === b.length && a.every((type, i) => this.isSub(type, b[i]!));
  }

  #isSubField(a: FieldType, b: FieldType): boolean {
    if (a.isMutable !== b.isMutable) return false;
    return this.isSub(a.storage, b.storage) && (!a.isMutable || this.isSub(b.storage, a.storage));
  }

  #isSubConcrete(a: number, b: number): boolean {
    return isSubtypeId(this.#space.idOf(a), this.#space.idOf(b));
  }

  /** `func`, `struct` or `array`. */
  #abstractOf(concrete: HeapType): HeapType {
    return heapTypes[this.#space.kindOf(typeIdxOf(concrete))];
  }

  /** The topmost type of the hierarchy that `heap` is in. */
  topOf(heap: HeapType): HeapType {
    if (isConcrete(heap)) return this.topOf(this.#abstractOf(heap));
    const above = bottoms[heap] ?? parents[heap];
    return above === undefined ? heap : this.topOf(above);
  }
}

export const matcherOf = (types: readonly SubType[]): Matcher => new Matcher(new ModuleSpace(types));

/** For types whose indices are canonical numbers. */
export const canonicalMatcher: Matcher = new Matcher({ idOf: (id) => id, kindOf: (id) => compOfId(id).kind });
