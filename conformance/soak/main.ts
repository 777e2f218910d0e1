#!/usr/bin/env node
/**
 * `npm run servers-soak -- [--connections N] [--megabytes N] [--rounds N | --minutes N] [--net-backend loop|thread]`: servers
 * with many connections
 * at once, kept alive, half closed, slow, reset, and with large bodies both ways, each server for so many rounds or
 * minutes. Tells descriptors and memory of the server, and fails when a byte is wrong, a descriptor is left, the memory
 * grows from one half of the time to the other, or the server's report counts differently.
 */
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { root } from "../real/project.ts";
import { compileGuest } from "../real/toolchains.ts";
import { halfClose, keepAlive, type Moved, open, reset, slow } from "./clients.ts";
import { growthOf, isGrowing } from "./growth.ts";
import { Served } from "./served.ts";

const { values } = parseArgs({
  options: {
    connections: { type: "string", default: "1000" },
    megabytes: { type: "string", default: "100" },
    rounds: { type: "string", default: "2" },
    minutes: { type: "string" },
    "net-backend": { type: "string", default: "loop" },
  },
});
/** With it rounds are not counted. */
const minutes = values.minutes === undefined ? undefined : Number(values.minutes);
const [connections, megabytes, rounds] = [values.connections, values.megabytes, values.rounds].map(Number) as [
  number,
  number,
  number,
];
/** How many connect at once: a listener has room for 1,024 that wait. */
const BATCH = 200;
const failures: string[] = [];

/** What the clients of one server have moved; `isExact` is false when some went away in the middle. */
class Sums {
  accepted = 0;
  sent = 0;
  received = 0;
  isExact = true;

  add(moved: readonly Moved[]): void {
    for (const { sent, received } of moved) {
      this.sent += sent;
      this.received += received;
    }
  }
}

/** Opens `count` connections, and only then uses them. */
async function together<T>(
  { port }: Served,
  sums: Sums,
  count: number,
  use: (socket: Awaited<ReturnType<typeof open>>, i: number) => Promise<T>,
): Promise<T[]> {
  const sockets: Awaited<ReturnType<typeof open>>[] = [];
  while (sockets.length < count)
    sockets.push(
      ...(await Promise.all(Array.from({ length: Math.min(BATCH, count - sockets.length) }, () => open(port)))),
    );
  sums.accepted += count;
  return Promise.all(sockets.map(use));
}

const step = async (name: string, work: () => Promise<unknown>): Promise<void> => {
  const from = performance.now();
  try {
    await work();
    console.log(`  ${name}: ${Math.round(performance.now() - from)} ms`);
  } catch (error) {
    failures.push(`${name}: ${(error as Error).message}`);
    console.log(`  ${name}: ${(error as Error).message}`);
  }
};

/** Runs `work` against a server, and compares what is left of it with what was there before. */
async function against(name: string, server: Served, work: (sums: Sums) => Promise<void>): Promise<void> {
  console.log(name);
  const sums = new Sums();
  const before = server.footprint();
  await work(sums);
  // What is closed is on its way for a moment; what the guest has closed before all was taken, for 5 seconds.
  for (let i = 0; i < 60 && server.footprint().descriptors > before.descriptors; i++) await sleep(100);
  const after = server.footprint();
  console.log(`  descriptors: ${before.descriptors} before, ${after.descriptors} after`);
  console.log(`  memory: ${before.memory} MiB before, ${after.memory} MiB after`);
  if (after.descriptors > before.descriptors) failures.push(`${name}: descriptors were left`);
  const { accepted, bytesIn, bytesOut } = await server.stop();
  console.log(`  report: ${accepted} accepted, ${bytesIn} bytes in, ${bytesOut} bytes out`);
  const isSame = accepted === sums.accepted && bytesIn === sums.sent && bytesOut === sums.received;
  // One that was reset before it was accepted may be gone.
  if (sums.isExact ? !isSame : accepted > sums.accepted || bytesIn < sums.sent || bytesOut < sums.received)
    failures.push(`${name}: the report is not what clients saw: ${JSON.stringify(sums)}`);
}

/** Round after round, with what the server takes after each. Memory that grows on and on is a failure. */
async function inRounds(name: string, server: Served, work: (round: number) => Promise<void>): Promise<void> {
  const from = performance.now();
  const memory: number[] = [];
  const isOver = (): boolean =>
    minutes === undefined ? memory.length >= rounds : performance.now() - from >= minutes * 60_000;
  while (!isOver()) {
    await work(memory.length + 1);
    const now = server.footprint();
    memory.push(now.memory);
    console.log(`  now: ${JSON.stringify(now)}`);
  }
  const growth = growthOf(memory);
  if (growth === undefined) return;
  console.log(
    `  memory: ${growth.before} MiB in the first half of ${memory.length} rounds, ${growth.after} MiB in the second`,
  );
  if (isGrowing(growth)) failures.push(`${name}: memory grows`);
}

const keptAlive = (server: Served, sums: Sums): Promise<void> =>
  inRounds("http-server", server, (round) =>
    step(`round ${round}: ${connections} connections, 5 requests on each`, async () =>
      sums.add(await together(server, sums, connections, (socket) => keepAlive(socket, 5))),
    ),
  );

const echoed = (server: Served, sums: Sums): Promise<void> =>
  inRounds("echo-server", server, async (round) => {
    await step(`round ${round}: ${connections} half-closed, up to 50 KB`, async () =>
      sums.add(await together(server, sums, connections, (socket, i) => halfClose(socket, (i * 50) % 50_000))),
    );
    sums.isExact = false;
    await step(`round ${round}: ${connections} reset`, async () => {
      await together(server, sums, connections, reset);
    });
    await step(`round ${round}: ${megabytes} MB each way beside ${connections} slow clients`, async () => {
      const slowly = together(server, sums, connections, (socket) => slow(socket, 20, 50));
      const large = together(server, sums, 1, (socket) => halfClose(socket, megabytes * 1_000_000));
      for (const moved of await Promise.all([slowly, large])) sums.add(moved);
    });
  });

/** A port for a guest that does not choose one itself. */
const somePort = 20_000 + (process.pid % 20_000);
const backend = ["--net-backend", values["net-backend"]];
const http = await Served.start([...backend, join(root, "examples/http-server.wasm"), String(somePort)], /:(\d+)\/\n/);
await against("http-server, kept alive", http, (sums) => keptAlive(http, sums)).finally(() => http.kill());
const echo = await Served.start([...backend, await compileGuest("assemblyscript", "echo-server")], /port (\d+)\n/);
await against("echo-server", echo, (sums) => echoed(echo, sums)).finally(() => echo.kill());
for (const failure of failures) console.log(`FAILED ${failure}`);
process.exitCode = failures.length > 0 ? 1 : 0;
