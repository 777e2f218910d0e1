/** The error of the engine that a call ends with. */
import { WasmError } from "../../engine/index.ts";

/** @throws what is none, and an Error if there is no error at all */
export function failure(run: () => unknown): WasmError {
  try {
    run();
  } catch (error) {
    if (error instanceof WasmError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}
