/** Public API of the WASI host; re-exports only. */
export { type Filestat, type Filetype, filetype } from "./abi.ts";
export { type CallName, calls, callType, isImportable, preview1Names } from "./calls.ts";
export type { Clock, ClockId, Random, Saveable, VirtualTime } from "./context.ts";
export { errno, errnoName, fail } from "./errno.ts";
export { type ErrorCode, WasiError, type WasiErrorCode, wasiErrorCodes } from "./error-codes.ts";
export type {
  DirEntry,
  DirHandle,
  FileHandle,
  FileMode,
  FileSystem,
  FileTimes,
  FsLevel,
  GuestFiles,
  Name,
  PipeHandle,
  RestoredFiles,
} from "./file-system.ts";
export type { Audit, AuditEvent } from "./guard.ts";
export type { AnyInstance } from "./instance.ts";
export { type QuotaOptions, type Rate, rates } from "./io-meter.ts";
export { Learner } from "./learn.ts";
export { limits } from "./limits.ts";
export { formatTrace, type Trace, type TraceEvent } from "./log.ts";
export type { MountOption } from "./mounts.ts";
export type { NetworkDecider, NetworkRequest } from "./net/permission.ts";
export type { Network, Socket } from "./net/socket.ts";
export type { ListenerTraffic, NetworkUsage } from "./net/traffic.ts";
export {
  type AddressRule,
  type NetworkPolicy,
  noNetwork,
  parseAddressRule,
  parseNameRule,
  type UnixRule,
} from "./network-rules.ts";
export { nodeClock } from "./node/clock.ts";
export { HostFs, type HostFsOptions, type HostLevel, strongestLevel } from "./node/host-fs.ts";
export type { HostFiles } from "./node/native-files.ts";
export { BlockingNetwork } from "./node/net/io/blocking-network.ts";
export { NodeNetwork } from "./node/net/node-network.ts";
export type { DirOption, InputOption, OutputOption, WasiOptions } from "./node/options.ts";
export { nodeRandom } from "./node/random.ts";
export { blockThread } from "./node/runner.ts";
export { ThreadGroup, type ThreadGroupOptions } from "./node/threads/thread-group.ts";
export { WASI } from "./node/wasi.ts";
export type { NetworkOptions } from "./options.ts";
export { mountRule, type PathOp, type Policy, type PolicyDocument, parsePolicy, pathOps } from "./policy.ts";
export { Receipt } from "./receipt.ts";
export type { StateOptions } from "./state.ts";
export { alwaysReady, bytesInput, callbackOutput, type InputStream, type OutputStream } from "./streams.ts";
export type { WasiUsage } from "./usage.ts";
export { MemoryFs } from "./virtual/memory-fs.ts";
export { OverlayFs } from "./virtual/overlay-fs.ts";
export { TarFs } from "./virtual/tar-fs.ts";
export type { SavedTree } from "./virtual/tree-state.ts";
export type { VolumeOptions } from "./virtual/volume.ts";
