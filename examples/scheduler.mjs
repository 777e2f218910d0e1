/**
 * Many guests on one thread: `npm run build && node examples/scheduler.mjs [GUESTS]`.
 *
 * A third of the guests loop for ever, a third wait for promises of the host, a third compute and end. None of them can
 * keep the others, or the event loop of Node.js, from running: those that loop are ended by their fuel.
 */
import { readFileSync } from "node:fs";
import { Engine, Scheduler } from "../dist/engine/index.js";

const count = Number(process.argv[2] ?? 300);
const engine = new Engine();
const module = engine.compile(readFileSync(new URL("./workers.wasm", import.meta.url)));
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const imports = { env: { sleep: async (ms) => void (await sleep(ms)) } };

const scheduler = new Scheduler();
const guests = Array.from({ length: count }, (_, i) => {
  const instance = engine.instantiate(module, imports, { limits: { fuel: 2_000_000 } });
  const [name, args] = [
    ["spin", []],
    ["nap", [5]],
    ["sum", [20_000]],
  ][i % 3];
  return scheduler.add(instance.start(name, args), { weight: 1 });
});

let ticks = 0;
const timer = setInterval(() => ticks++, 10);
const ends = await Promise.allSettled(guests.map((guest) => guest.result));
clearInterval(timer);

const tally = {};
for (const { status, value, reason } of ends) {
  const end = status === "fulfilled" ? `returned ${value}` : `stopped: ${reason.message}`;
  tally[end] = (tally[end] ?? 0) + 1;
}
for (const [end, n] of Object.entries(tally)) console.log(`${n} ${end}`);
const { delayP50Ms, delayP99Ms, slices } = scheduler.stats();
console.log(`${slices} slices; a guest that was ready waited ${delayP50Ms.toFixed(1)} ms (median), ${delayP99Ms.toFixed(1)} ms (99 %)`);
console.log(`timers of the host fired ${ticks > 0 ? "meanwhile" : "too late"}`);
