/** environ_get and environ_sizes_get: the guest's environment variables. */
import { stringBytes, writeStrings } from "./abi.ts";
import type { Context } from "./context.ts";

export function environ_get(host: Context, environ: number, environBuf: number): undefined {
  writeStrings(host.mem, environ, environBuf, host.env);
}

export function environ_sizes_get(host: Context, environc: number, environBufSize: number): undefined {
  host.mem.setU32(environc, host.env.length);
  host.mem.setU32(environBufSize, stringBytes(host.env));
}
