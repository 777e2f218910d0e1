/**
 * What a guest may use: `npm run build && node examples/limits.mjs`.
 *
 * A guest that would loop for ever is ended by fuel and given more, by time, by a signal, slowed to a share of the
 * processor; another wants more memory than it may have. Whatever ends a guest, the process goes on.
 */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { run } from "../dist/cli/index.js";
import { Engine, GuestStopped } from "../dist/engine/index.js";

const engine = new Engine();
const module = engine.compile(readFileSync(new URL("./workers.wasm", import.meta.url)));
const make = (limits) => engine.instantiate(module, { env: { sleep: () => {} } }, { limits });

/** Why the call ended. */
async function end(call) {
  try {
    await call();
    return "returned";
  } catch (error) {
    if (!(error instanceof GuestStopped)) throw error;
    stopped = error;
    return error.message;
  }
}
let stopped;

// Fuel is exact: this is the same number on every machine.
const fuel = make({ fuel: 1_000_000 });
console.log(`fuel: ${await end(() => fuel.invoke("spin"))} after ${fuel.usage().instructions} instructions`);
fuel.meter.refuel(500_000);
console.log(`refuelled: ${await end(() => fuel.runToEnd(stopped.activation))} after ${fuel.usage().instructions} instructions`);

const time = make({ timeoutMs: 50 });
console.log(`time: ${await end(() => time.invoke("spin"))}`);

const controller = new AbortController();
setTimeout(() => controller.abort(), 50);
const signal = make({ signal: controller.signal });
// In turns of the event loop: the timer above could not fire otherwise.
console.log(`signal: ${await end(() => signal.invokeAsync("spin"))}`);

const share = make({ cpuShare: 0.25, timeoutMs: 400 });
await end(() => share.invokeAsync("spin"));
const { cpuMs, wallMs } = share.usage();
console.log(`share: about ${Math.round((cpuMs / wallMs) * 20) * 5} % of a processor`);

const tour = fileURLToPath(new URL("./tour.wasm", import.meta.url));
const { kind, problem } = await run(tour, { limits: { memoryBytes: 1000 } });
console.log(`memory: ${kind}, ${problem.message}`);

console.log(`whoever comes next: sum(1000) = ${make().invoke("sum", [1000])[0]}`);
