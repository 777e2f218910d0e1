/** The host's own WebAssembly: what is used of it, and which proposals it has, by asking it. */
import { preamble } from "../../engine/binary/encode.ts";
import { compile, type Feature } from "../../engine/index.ts";

type ErrorClass = abstract new (...args: never[]) => Error;

export interface HostException extends Error {
  is(tag: unknown): boolean;
  getArg(tag: unknown, i: number): unknown;
}

export interface HostNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: Readonly<Record<string, unknown>> };
  readonly Memory: abstract new () => { readonly buffer: ArrayBuffer };
  readonly Table: abstract new () => { readonly length: number | bigint; get(i: number | bigint): unknown };
  readonly Global: abstract new () => { readonly value: unknown };
  readonly Tag: new (type: { readonly parameters: readonly string[] }) => object;
  readonly RuntimeError: ErrorClass;
  readonly LinkError: ErrorClass;
  readonly Exception: abstract new (...args: never[]) => HostException;
  validate(bytes: Uint8Array): boolean;
}

export const host: HostNamespace = (globalThis as unknown as { WebAssembly: HostNamespace }).WebAssembly;

/** A small module of each proposal that not every host has. */
export const probes: Partial<Record<Feature, readonly number[]>> = {
  "tail-call": [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 6, 1, 4, 0, 0x12, 0, 0x0b],
  "multi-memory": [5, 5, 2, 0, 0, 0, 0],
  "extended-const": [6, 9, 1, 0x7f, 0, 0x41, 0, 0x41, 0, 0x6a, 0x0b],
  // A table: hosts had memories of 64 bits before.
  memory64: [4, 4, 1, 0x70, 4, 0],
  // i31 and the bottom types came last.
  gc: [1, 3, 1, 0x5f, 0, 6, 6, 1, 0x71, 0, 0xd0, 0x71, 0x0b],
  "function-references": [1, 9, 2, 0x60, 0, 0, 0x60, 1, 0x63, 0, 0],
  exceptions: [1, 5, 1, 0x60, 1, 0x69, 0],
  "legacy-exceptions": [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 8, 1, 6, 0, 6, 0x40, 0x19, 0x0b, 0x0b],
  "relaxed-simd": [1, 6, 1, 0x60, 1, 0x7b, 1, 0x7b, 3, 2, 1, 0, 10, 11, 1, 9, 0, 0x20, 0, 0x20, 0, 0xfd, 0x80, 2, 0x0b],
  threads: [5, 4, 1, 3, 0, 1],
  "wide-arithmetic": [1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0, 10, 12, 1, 10, 0, 0x42, 0, 0x42, 0, 0xfc, 21, 0x1a, 0x1a, 0x0b],
  "custom-page-sizes": [5, 4, 1, 8, 0, 0],
  "custom-descriptors": [1, 11, 1, 0x4e, 2, 0x4d, 1, 0x5f, 0, 0x4c, 0, 0x5f, 0],
};
/** The module whose sections are `probe`. */
export const probeModule = (probe: readonly number[]): Uint8Array => Uint8Array.from([...preamble, ...probe]);

/** Switches that make ours take what the host takes. */
export const asHost: Readonly<Partial<Record<Feature, boolean>>> = Object.fromEntries(
  Object.entries(probes).map(([feature, probe]) => [feature, host.validate(probeModule(probe))]),
);

/** Whether the host must do as we do with the module of `bytes`. Relaxed instructions may give other results by right. */
export function isComparable(bytes: Uint8Array): boolean {
  try {
    compile(bytes, { features: { ...asHost, "relaxed-simd": false } });
    return true;
  } catch {
    return false;
  }
}
