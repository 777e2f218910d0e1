/** What a guest has done with its host, and what the host holds for it. */
import { stringBytes } from "./abi.ts";
import type { Context } from "./context.ts";
import type { IoCounts } from "./io-meter.ts";
import type { NetworkUsage } from "./net/traffic.ts";

export interface WasiUsage extends IoCounts {
  /** Written to standard streams. */
  readonly outputBytes: number;
  /** Host memory held for the guest: arguments, descriptors, listings, input read ahead; by estimate. */
  readonly hostBytes: number;
  /** Of its sockets; undefined without a network, or with one that does not count. */
  readonly network?: NetworkUsage | undefined;
}

/** Host memory of a descriptor with its handle, by estimate. */
const descriptorBytes = 256;

export function usageOf(host: Context): WasiUsage {
  return {
    ...host.io.counts,
    outputBytes: host.output.written,
    hostBytes: hostBytes(host),
    network: host.network?.traffic?.usage(),
  };
}

function hostBytes(host: Context): number {
  let total = stringBytes(host.args) + stringBytes(host.env);
  for (const d of host.fds) total += descriptorBytes + (d.kind === "dir" ? (d.listing?.bytes ?? 0) : 0);
  return total + (host.standard.stdin.input?.unread?.().bytes.length ?? 0);
}
