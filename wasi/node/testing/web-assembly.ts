/** The host's own WebAssembly, typed as far as tests need it: the compiler options know no DOM. */

export interface HostInstance {
  readonly exports: Record<string, unknown>;
}

interface HostWebAssembly {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports?: object) => HostInstance;
  readonly Memory: new (type: { initial: number; maximum?: number; shared?: boolean }) => { buffer: ArrayBufferLike };
  readonly RuntimeError: new () => Error;
}

export const { WebAssembly } = globalThis as unknown as { WebAssembly: HostWebAssembly };
