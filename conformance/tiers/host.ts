/**
 * The host's `WebAssembly` for comparing tiers with it. TypeScript knows it only with the browser's library, and
 * `real/host-webassembly.ts` has less of it.
 */

/** Exports of an instance; a function when it is called, a memory when its bytes are read. */
export type HostExports = Readonly<Record<string, unknown>>;

interface HostNamespace {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => { readonly exports: HostExports };
  readonly RuntimeError: new (message?: string) => Error;
}

const host = (globalThis as unknown as { readonly WebAssembly: HostNamespace }).WebAssembly;

/** Exports of a new instance of `bytes`, which imports nothing. */
export const hostExports = (bytes: Uint8Array): HostExports => new host.Instance(new host.Module(bytes)).exports;

/** True for what the host throws for a trap. */
export const isHostTrap = (error: unknown): error is Error => error instanceof host.RuntimeError;
