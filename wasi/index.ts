/** Public API of the WASI host; re-exports only. */
export { type Filetype, filetype } from "./abi.ts";
export { type CallName, calls, callType } from "./calls.ts";
export type { Clock, ClockId, Random, Saveable, VirtualTime } from "./context.ts";
export { errno, errnoName, fail } from "./errno.ts";
export { type ErrorCode, WasiError, type WasiErrorCode, wasiErrorCodes } from "./error-codes.ts";
export type { FsLevel } from "./file-system.ts";
export type { AnyInstance } from "./instance.ts";
export { limits } from "./limits.ts";
export { formatTrace, type Trace, type TraceEvent } from "./log.ts";
export { nodeClock } from "./node/clock.ts";
export type { DirOption } from "./node/mounts.ts";
export type { InputOption, OutputOption, WasiOptions } from "./node/options.ts";
export { nodeRandom } from "./node/random.ts";
export { blockThread } from "./node/runner.ts";
export { WASI } from "./node/wasi.ts";
export { Receipt } from "./receipt.ts";
export type { StateOptions } from "./state.ts";
export { alwaysReady, bytesInput, callbackOutput, type InputStream, type OutputStream } from "./streams.ts";
