/**
 * Imports that return promises: `npm run build && node examples/promise-import.mjs`.
 *
 * The guest calls what it takes for an ordinary function. It is suspended until the promise settles, without a rewritten
 * module, a second thread or help of the host's engine, and others run meanwhile.
 */
import { readFileSync } from "node:fs";
import { Engine } from "../dist/engine/index.js";

const engine = new Engine();
const module = engine.compile(readFileSync(new URL("./workers.wasm", import.meta.url)));
const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

let asleep = 0;
let most = 0;
const imports = {
  env: {
    async sleep(ms) {
      most = Math.max(most, ++asleep);
      await later(ms);
      asleep--;
    },
  },
};

const guests = Array.from({ length: 20 }, () => engine.instantiate(module, imports));
const start = performance.now();
await Promise.all(guests.map((guest) => guest.invokeAsync("nap", [30])));
const ms = performance.now() - start;
console.log(`${guests.length} guests napped, ${most} at once: ${ms < 300 ? "no longer than some" : "one after the other"}`);

// A promise that is rejected is a trap, with the reason as its cause.
const failing = engine.instantiate(module, { env: { sleep: () => Promise.reject(new Error("no alarm clock")) } });
await failing.invokeAsync("nap", [1]).catch((error) => console.log(`${error.code}: ${error.cause.message}`));

// Who cannot wait is told so.
try {
  guests[0].invoke("nap", [1]);
} catch (error) {
  console.log(`${error.code}: ${error.hint}`);
}
