/** `WebAssembly.Memory`. Spec: js-api (memories). */

import { MemInst } from "../runtime/memory.ts";
import type { MemType } from "../types.ts";
import { fromAddress, toAddress } from "./convert.ts";
import { addressType, limitsOf } from "./descriptors.ts";
import { setObject } from "./identity.ts";
import { settings } from "./settings.ts";
import { asked } from "./thrown.ts";
import { defineInterface, dictionary, Slot } from "./web-idl.ts";

export const memorySlot = new Slot<MemInst>("Memory");

/** Most pages, by type of address. */
const MAX_PAGES = { i32: 2 ** 16, i64: 2 ** 48 } as const;

export class Memory {
  constructor(descriptor: unknown) {
    const type = memType(dictionary(descriptor, "the descriptor"));
    const { maxMemoryBytes, meter } = settings().options;
    const inst = asked(() => new MemInst(type, maxMemoryBytes, undefined, meter));
    memorySlot.set(this, inst);
    setObject(inst, this);
  }

  grow(delta: unknown): number | bigint {
    const inst = memorySlot.get(this);
    const { addr } = inst.declared;
    const pages = toAddress(delta, addr, "the argument");
    const old = asked(() => inst.grow(pages));
    if (old < 0) throw new RangeError(`cannot grow a memory by ${pages} pages`);
    return fromAddress(old, addr);
  }

  toFixedLengthBuffer(): ArrayBufferLike {
    const inst = memorySlot.get(this);
    return inst.shared === undefined ? asked(() => inst.exposeResizable(false)) : sharedBuffer(inst);
  }

  toResizableBuffer(): ArrayBufferLike {
    const inst = memorySlot.get(this);
    if (inst.declared.limits.max === undefined) throw new TypeError("the memory has no maximum");
    if (inst.shared !== undefined) return inst.expose();
    return asked(() => growing(inst, inst.exposeResizable(true)));
  }

  get buffer(): ArrayBufferLike {
    const inst = memorySlot.get(this);
    return inst.shared === undefined ? asked(() => inst.expose()) : sharedBuffer(inst);
  }
}
defineInterface(Memory, "Memory");

/** The object for a memory of the engine. */
export function memoryObject(inst: MemInst): Memory {
  const memory = Object.create(Memory.prototype) as Memory;
  memorySlot.set(memory, inst);
  return memory;
}

function memType(d: Record<string, unknown>): MemType {
  const addr = addressType(d);
  const limits = limitsOf(d, addr);
  const isShared = Boolean(d.shared);
  if (isShared && limits.max === undefined) throw new TypeError("a shared memory must have a maximum");
  const most = MAX_PAGES[addr];
  if (limits.min > most || (limits.max ?? 0) > most) throw new RangeError(`a memory of more than ${most} pages`);
  return { addr, limits, isShared, pageSizeLog2: 16 };
}

/** `buffer`, whose method `resize` grows the memory that it is the buffer of. */
function growing(inst: MemInst, buffer: ArrayBufferLike): ArrayBufferLike {
  const resize = (length: unknown): void => {
    const delta = Number(length) - inst.view.byteLength;
    if (!(delta >= 0) || delta % inst.pageSize !== 0) throw new RangeError("a memory grows by pages");
    if (inst.grow(delta / inst.pageSize) < 0) throw new RangeError(`cannot grow a memory by ${delta} bytes`);
  };
  if (!Object.hasOwn(buffer, "resize")) Object.defineProperty(buffer, "resize", { value: resize });
  return buffer;
}

type Cloner = <T>(value: T) => T;
/** Of a shared memory, what JavaScript has for its present size. */
const sharedBuffers = new WeakMap<MemInst, { readonly size: number; readonly buffer: SharedArrayBuffer }>();

/**
 * A buffer over the pages that all threads have, for the present size: another object after each growth. The pages are a
 * buffer that grows, so that of an old one only `byteLength` stays what it was.
 */
function sharedBuffer(inst: MemInst): SharedArrayBuffer {
  const size = inst.view.byteLength;
  const known = sharedBuffers.get(inst);
  if (known?.size === size) return known.buffer;
  const { structuredClone } = globalThis as { structuredClone?: Cloner };
  const pages = inst.expose() as SharedArrayBuffer;
  const buffer = structuredClone?.(pages) ?? pages;
  if (Object.isExtensible(buffer)) Object.freeze(Object.defineProperty(buffer, "byteLength", { value: size }));
  sharedBuffers.set(inst, { size, buffer });
  return buffer;
}
