/** The host's WebAssembly. Which of its tiers runs is the process's matter: flags are given when it starts. */
import { hostWebAssembly } from "../../conformance/real/host-webassembly.ts";
import type { JsEngine } from "./engine.ts";

export const host: JsEngine = {
  instantiate: (bytes, imports) => new hostWebAssembly.Instance(new hostWebAssembly.Module(bytes), imports),
};
