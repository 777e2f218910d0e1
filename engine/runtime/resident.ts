/**
 * Places that stay where they are for the life of the process: one for the frames of the activation that runs, one for
 * the flat code of modules that are not large.
 *
 * V8 has the address and the length of an array in its code if a function closes over the array; of any other array it
 * loads them again at every operation, and looks whether it is still the kind of array that it was. So the dispatch
 * function exists twice (`resident.gen.ts`, `dispatch.gen.ts`): for what is here, and for everything else. Bench: all
 * kernels (0.7 of the time).
 */

/** Views of the slots of frames. */
export interface Views {
  readonly I: Int32Array;
  readonly F32: Float32Array;
  readonly F64: Float64Array;
  readonly B: BigInt64Array;
  /** Lanes of vectors. */
  readonly I8: Int8Array;
  readonly U8: Uint8Array;
  readonly I16: Int16Array;
  readonly U16: Uint16Array;
}

export const viewsOf = (buffer: ArrayBuffer): Views => ({
  I: new Int32Array(buffer),
  F32: new Float32Array(buffer),
  F64: new Float64Array(buffer),
  B: new BigInt64Array(buffer),
  I8: new Int8Array(buffer),
  U8: new Uint8Array(buffer),
  I16: new Int16Array(buffer),
  U16: new Uint16Array(buffer),
});

/** Systems give memory when it is written to: what nobody uses costs addresses. */
const STACK_WORDS = 1 << 20;
const CALLS = 1 << 16;
const CODE_WORDS = 1 << 22;

export const residentViews = viewsOf(new ArrayBuffer(STACK_WORDS * 4));
export const residentCalls = new Int32Array(CALLS);

/** Whose code a piece is. */
interface Owner {
  isGone: boolean;
}

/** Flat code of several modules, in the order it was made. What is last is given up when its module is gone. */
export class ResidentCode {
  readonly words: Int32Array;
  /** Words in use. */
  length = 0;
  private readonly pieces: { readonly start: number; readonly owner: Owner }[] = [];
  private readonly registry = new FinalizationRegistry<Owner>((owner) => this.remove(owner));

  constructor(capacity: number) {
    this.words = new Int32Array(capacity);
  }

  /** A new owner, who is gone when `code` is. */
  ownerFor(code: object): Owner {
    const owner = { isGone: false };
    this.registry.register(code, owner);
    return owner;
  }

  hasRoom(count: number): boolean {
    return this.length + count <= this.words.length;
  }

  /** Adds `words`, for which there is room, at `length`. */
  add(words: readonly number[], owner: Owner): void {
    if (this.pieces[this.pieces.length - 1]?.owner !== owner) this.pieces.push({ start: this.length, owner });
    this.words.set(words, this.length);
    this.length += words.length;
  }

  remove(owner: Owner): void {
    owner.isGone = true;
    for (let last = this.pieces.pop(); last !== undefined; last = this.pieces.pop()) {
      if (!last.owner.isGone) {
        this.pieces.push(last);
        return;
      }
      this.length = last.start;
    }
  }
}

export const residentCode = new ResidentCode(CODE_WORDS);
