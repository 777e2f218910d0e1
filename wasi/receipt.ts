/**
 * A receipt of a run: one hash over everything that passed between the guest and its host. Two runs with the same receipt
 * saw and did the same, as far as SHA-256 can be trusted.
 *
 * Of each call, in their order: its name, its arguments, the paths it was given, the errno, and if it succeeded what the
 * host wrote to the guest's memory or took from it. Every part is preceded by its length, so that no two sequences of
 * calls are the same bytes. A receipt is part of a saved guest: going on elsewhere does not change it.
 */
import { hex, Sha256, type Val } from "../engine/index.ts";
import { sizes, stringBytes } from "./abi.ts";
import { abiTypes, type CallDef, type CallName, calls, type Kind } from "./calls.ts";
import type { Context, Saveable } from "./context.ts";
import { errno } from "./errno.ts";
import { limits } from "./limits.ts";
import type { Watcher } from "./watch.ts";

const header = "wasmts receipt 1";
const utf8 = new TextEncoder();

/** A place in the guest's memory. */
interface Region {
  readonly at: number;
  readonly length: number;
}

/** What of the guest's memory a call is about: read before it runs, hashed when it is over. */
interface Regions {
  /** Paths: the guest's, whatever comes of the call. */
  readonly given: readonly Uint8Array[];
  /** Results of fixed size. */
  readonly results: readonly Region[];
  /** Buffers, of which `moved` says how much was used; without it, all. */
  readonly buffers: readonly Region[];
  /** Where the call writes how much it moved, and how many bytes one of that is. */
  readonly moved: { readonly at: number; readonly unit: number } | undefined;
}

const u32 = (value: Val): number => Number(value as number) >>> 0;

/** Sizes of results, bytes. */
const resultSizes: Partial<Record<Kind, number>> = {
  outU16: 2,
  outU32: 4,
  outU64: 8,
  outFdstat: sizes.fdstat,
  outPrestat: sizes.prestat,
};
/** Results that say how much of a buffer was used. */
const counts: Readonly<Record<string, number>> = {
  nread: 1,
  nwritten: 1,
  bufused: 1,
  ro_datalen: 1,
  so_datalen: 1,
  nevents: sizes.event,
};

/** Results at an address that the row of the call does not tell more about: their sizes, by name. */
function sizeAt(host: Context, label: string): number {
  if (label === "argv") return host.args.length * 4;
  if (label === "argv_buf") return stringBytes(host.args);
  if (label === "environ") return host.env.length * 4;
  return label === "environ_buf" ? stringBytes(host.env) : 0;
}

function vectorRegions({ mem }: Context, pointer: number, count: number): Region[] {
  if (count > limits.iovecs || pointer + count * sizes.iovec > mem.bytes.length) return [];
  return Array.from({ length: count }, (_, i) => {
    const at = pointer + i * sizes.iovec;
    return { at: mem.u32(at), length: mem.u32(at + 4) };
  });
}

function regionsOf(host: Context, name: CallName, raw: readonly Val[]): Regions {
  const given: Uint8Array[] = [];
  const results: Region[] = [];
  const buffers: Region[] = [];
  let moved: Regions["moved"];
  let i = 0;
  for (const [label, kind] of (calls[name] as CallDef).params) {
    const [at, length] = [u32(raw[i]), u32(raw[i + 1])];
    i += abiTypes(kind).length;
    const unit = counts[label];
    if (kind === "path") given.push(copyOf(host, { at, length: Math.min(length, limits.pathBytes) }));
    else if (kind === "iovs") buffers.push(...vectorRegions(host, at, length));
    else if (kind === "buffer") buffers.push({ at, length });
    else if (kind === "ptr" && label === "out") buffers.push({ at, length: u32(raw[2]) * sizes.event });
    else if (kind === "ptr") results.push({ at, length: sizeAt(host, label) });
    else if (kind === "outFilestat") results.push({ at, length: host.abi.filestatSize });
    else if (resultSizes[kind] !== undefined) results.push({ at, length: resultSizes[kind] });
    if (unit !== undefined) moved = { at, unit };
  }
  return { given, results, buffers, moved };
}

/** What is out of bounds is nothing: the call has failed. */
const viewOf = ({ mem }: Context, { at, length }: Region): Uint8Array => mem.bytes.subarray(at, at + length);
const copyOf = (host: Context, region: Region): Uint8Array => Uint8Array.from(viewOf(host, region));

/** What a call has written or taken: results, then the used part of buffers. */
function* movedBytes(host: Context, { results, buffers, moved }: Regions): Generator<Uint8Array> {
  for (const region of results) yield viewOf(host, region);
  let left = moved === undefined ? Number.POSITIVE_INFINITY : host.mem.u32(moved.at) * moved.unit;
  for (const { at, length } of buffers) {
    const used = Math.min(length, left);
    left -= used;
    if (used > 0) yield viewOf(host, { at, length: used });
  }
}

export class Receipt implements Saveable {
  #hash = new Sha256();
  #calls = 0;
  /** The hash before what is being added now: the thread of an interrupted guest stops anywhere. */
  #before: Uint8Array | undefined;

  /** @param setting  what the run was given, such as the seed and the arguments */
  constructor(setting: readonly Uint8Array[] = []) {
    for (const part of [utf8.encode(header), ...setting]) this.#add(part);
  }

  /** Host calls that are over. */
  get calls(): number {
    return this.#calls;
  }

  readonly watch: Watcher = (host, name, raw) => {
    const regions = regionsOf(host, name, raw);
    return ({ errno: code }) => {
      this.#before = this.#hash.save();
      this.#add(utf8.encode(name));
      this.#add(words(raw, code));
      for (const path of regions.given) this.#add(path);
      if (code === errno.SUCCESS) for (const bytes of movedBytes(host, regions)) this.#add(bytes);
      this.#calls++;
      this.#before = undefined;
    };
  };

  #add(bytes: Uint8Array): void {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    this.#hash.update(length).update(bytes);
  }

  /** The receipt up to now, 64 hexadecimal digits. @param end  what is known at the end, such as a hash of the memory */
  digest(end: readonly Uint8Array[] = []): string {
    const whole = new Receipt();
    whole.#hash = Sha256.from(this.#before ?? this.#hash.save()) as Sha256;
    for (const part of end) whole.#add(part);
    return hex(whole.#hash.digest());
  }

  save(): string {
    return `${this.#calls}:${hex(this.#hash.save())}`;
  }

  restore(text: string): (() => void) | undefined {
    const [, count = "", digits = ""] = /^(\d{1,15}):((?:[0-9a-f]{2})+)$/.exec(text) ?? [];
    const bytes = Uint8Array.from(digits.match(/../g) ?? [], (byte) => Number.parseInt(byte, 16));
    const hash = Sha256.from(bytes);
    if (hash === undefined) return undefined;
    return () => {
      this.#hash = hash;
      this.#calls = Number(count);
    };
  }
}

/** The arguments as 64-bit numbers, and the errno; -1 for none. */
function words(raw: readonly Val[], code: number | undefined): Uint8Array {
  const values = [...raw.map((value) => (typeof value === "bigint" ? value : BigInt(u32(value)))), BigInt(code ?? -1)];
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, BigInt.asIntN(64, value));
  return bytes;
}
