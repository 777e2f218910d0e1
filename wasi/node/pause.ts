/** Makes this thread sleep, without any event loop. */

const cell = new Int32Array(new SharedArrayBuffer(4));

/** Sleeps `ms` milliseconds, fractions too. Not interrupted by signals that JavaScript handles. */
export function pause(ms: number): void {
  Atomics.wait(cell, 0, 0, ms);
}
