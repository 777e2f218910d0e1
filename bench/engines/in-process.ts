/** The engines that run inside a Node process, by id. */
import type { JsEngine } from "./engine.ts";
import { host } from "./host.ts";
import { forms, offeredTiers, ours } from "./ours.ts";
import { polywasm } from "./polywasm.ts";
import { wasm2js } from "./wasm2js.ts";

/** @throws Error when there is no engine of that id */
export async function inProcess(id: string): Promise<JsEngine> {
  if (id === "v8" || id === "turbofan") return host;
  if (id === "polywasm") return polywasm();
  if (id === "wasm2js") return wasm2js;
  const [name, suffix] = id.split("+");
  const tier = offeredTiers().find((offered) => offered === name);
  const form = forms.find((known) => known === suffix);
  if (tier === undefined || (suffix !== undefined && form === undefined)) throw new Error(`no engine ${id}`);
  return ours(tier, form);
}
