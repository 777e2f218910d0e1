/** Makes the errors for state that a plain module cannot hold. */
import { WasmError } from "../errors.ts";

/** Something holds a reference that no constant expression makes. `place` such as `global 3`. */
export const heldReference = (place: string, what: string): WasmError =>
  new WasmError("unsupported", "WT5801", `${place} holds ${what}, which a module cannot have at its start`, {
    hint: "leave it null at the end of initialisation, and make it when it is first needed",
  });

export const sharedMemory = (idx: number): WasmError =>
  new WasmError("unsupported", "WT5802", `memory ${idx} is shared: other threads may change it at any time`, {
    hint: "build the module for one thread, or initialise it when it runs",
  });

export const importedState = (what: string): WasmError =>
  new WasmError("unsupported", "WT5803", what, {
    hint: "let the module define and export what its initialisation writes to",
  });

export const tooLarge = (what: string): WasmError =>
  new WasmError("unsupported", "WT5804", what, {
    hint: "let the initialisation leave less behind, or closer together",
  });

export const badExport = (what: string, hint: string): WasmError =>
  new WasmError("unlinkable", "WT5805", what, { hint });
