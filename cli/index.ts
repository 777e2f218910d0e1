/**
 * The package `wasmts`: `run` for programs, and everything of the engine for embedders. The host of WASI is
 * `wasmts/wasi`.
 */
export * from "../engine/index.ts";
export type { Limits, Usage } from "./execute.ts";
export type { RunNetwork } from "./network.ts";
export type { OutcomeKind, Problem } from "./outcome.ts";
export { type RunDir, type RunInput, type RunOptions, type RunOutput, type RunResult, run } from "./run.ts";
