/** A part of the host that belongs to a guest, and is saved and restored with it: open files, clocks, random numbers. */
export interface HostState {
  /** Names its section of a snapshot, such as "wasi". */
  readonly name: string;
  /** The state as bytes. @throws WasmError kind "unsupported" when something cannot be described */
  save(): Uint8Array;
  /** Checks `bytes` against this host and opens what it needs, changing nothing yet. @throws WasmError */
  prepare(bytes: Uint8Array): PreparedState;
}

/** A state that can be taken over without failing; one of the two is called, once. */
export interface PreparedState {
  commit(): void;
  /** Closes what was opened. */
  cancel(): void;
}
