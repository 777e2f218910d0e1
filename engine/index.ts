/** Public API of the engine; re-exports only. */
export { type BakeOptions, bake, importState } from "./bake.ts";
export { Blocked, type HostResult, monotonicNs, type Runner, type Wait, type WaitSource, waitOut } from "./blocked.ts";
export type { CodeStore, ModuleStore, TextStore } from "./code-store.ts";
export { type CompileOptions, compile, decode, validate } from "./compile.ts";
export { type InstructionText, instructionTexts } from "./disassemble.ts";
export { type PauseOptions, waitFor } from "./drive.ts";
export {
  DEFAULT_STACK_DEPTH,
  Engine,
  type EngineOptions,
  Instance,
  type RestoredGuest,
  type RestoreOptions,
  type RestorePart,
  type SnapshotOptions,
} from "./engine.ts";
export { type ErrorCode, errorCodes } from "./error-codes.ts";
export {
  type BacktraceFrame,
  type ErrorKind,
  GuestExit,
  printable,
  type TrapCode,
  trapError,
  traps,
  WasmError,
} from "./errors.ts";
export { hostTag, WasmException } from "./exception.ts";
export { type Feature, type FeatureDef, features } from "./features.ts";
export type { HostState, PreparedState } from "./host-state.ts";
export { Activation, type Outcome, type StopReason } from "./interpret/activation.ts";
export {
  captureFrames,
  type Frame,
  type Frames,
  framesFromJson,
  framesToJson,
  restoreFrames,
} from "./interpret/frames.ts";
export { guestFunction } from "./jit/backtrace.ts";
export { generatedListing, type Listing, type ListingOptions } from "./jit/listing.ts";
export { type Passes, type PassName, passes, passNames } from "./jit/passes.ts";
export { TierStats } from "./jit/stats.ts";
export {
  type Configuration,
  configuration,
  configure,
  fromMessage,
  type InstantiatedSource,
  toMessage,
  WebAssembly,
  type WebAssemblyNamespace,
} from "./js-api/index.ts";
export { type LimitDef, type ModuleLimit, type ModuleLimits, moduleLimits } from "./limits.ts";
export * from "./module.ts";
export { changedExports, type ExportChanges } from "./preinit/exports.ts";
export type { ImportState } from "./preinit/import-state.ts";
export { suspending } from "./promise-import.ts";
export { ExnInst } from "./runtime/exn.ts";
export { FuncInst, type HostFn, hostFunc, TagInst } from "./runtime/func.ts";
export { ArrayInst, I31, i31, StructInst } from "./runtime/gc.ts";
export { GlobalInst, newGlobal } from "./runtime/global.ts";
export type { HeapGauge } from "./runtime/heap-meter.ts";
export type { Extern } from "./runtime/instance.ts";
export type { InstanceOptions } from "./runtime/instantiate.ts";
export { type Given, type Imports, type MissingImport, printExternType } from "./runtime/link.ts";
export { DEFAULT_MAX_MEMORY, MemInst } from "./runtime/memory.ts";
export { type GuestLimits, type GuestUsage, type Interruption, Meter, type StopSignal } from "./runtime/meter.ts";
export type { SharedMemory } from "./runtime/shared-memory.ts";
export { stateDigest } from "./runtime/state-digest.ts";
export { DEFAULT_MAX_TABLE, TableInst } from "./runtime/table.ts";
export type { Val } from "./runtime/value.ts";
export { type GuestScheduling, type ScheduledGuest, Scheduler, type SchedulerStats } from "./scheduler.ts";
export { hex, Sha256, sha256 } from "./sha256.ts";
export { inspectSnapshot, type SnapshotInfo } from "./snapshot/inspect.ts";
export { GuestStopped } from "./stopped.ts";
export type { I64Form, TierName, TierOptions } from "./tiers.ts";
export * from "./types.ts";
