/** args_get and args_sizes_get: the guest's command line. */
import { stringBytes, writeStrings } from "./abi.ts";
import type { Context } from "./context.ts";

export function args_get(host: Context, argv: number, argvBuf: number): undefined {
  writeStrings(host.mem, argv, argvBuf, host.args);
}

export function args_sizes_get(host: Context, argc: number, argvBufSize: number): undefined {
  host.mem.setU32(argc, host.args.length);
  host.mem.setU32(argvBufSize, stringBytes(host.args));
}
