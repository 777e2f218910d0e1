/** Waits of guests of the JavaScript API block their thread, as those of hosts do. Spec: threads (memory.atomic.wait). */
import { monotonicNs, type Wait } from "../blocked.ts";

/** Longest sleep for what can only be polled, ms. */
const SLICE_MS = 1;

/** Waits once. @throws TypeError where the host lets no thread wait, such as the main one of a page */
export function blockAgent({ deadlineNs, sources = [] }: Wait): void {
  const left = deadlineNs === undefined ? Infinity : Math.max(0, Number(deadlineNs - monotonicNs()) / 1e6);
  const [source, other] = sources;
  if (source?.block !== undefined && other === undefined) source.block(left);
  else Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, Math.min(left, SLICE_MS));
}
