#!/usr/bin/env node
/**
 * `npm run servers [-- --out FOLDER]`: builds real servers and a client, in Rust on WasmEdge's ports of tokio, hyper and
 * warp, and asks them under the command, by curl where it is installed. The first time it fetches a hundred crates and
 * compiles for a few minutes. With `--out` the modules are left in a folder.
 */
import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { copyFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs, promisify } from "node:util";
import { cliPath } from "../real/project.ts";
import { endServers, freePort, serve } from "../real/serving.ts";
import { onPath } from "../real/toolchains.ts";
import { buildServers, type Servers } from "./build.ts";

const run = promisify(execFile);
const [curl] = onPath("curl");

const isSame = (what: string, got: unknown, wanted: unknown): void => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)];
  if (a !== b) throw new Error(`${what}: ${a?.slice(0, 300)} instead of ${b?.slice(0, 300)}`);
};

/** What `curl URL` prints, or would. */
const ask = async (url: string): Promise<string> =>
  curl === undefined ? (await fetch(url)).text() : (await run(curl, ["--silent", "--show-error", url])).stdout;

/** It says that it listens just before it does. */
async function answering(port: number): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    const isUp = await fetch(`http://127.0.0.1:${port}/`).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await sleep(20);
  }
  throw new Error("it does not answer");
}

/** As the guides of WasmEdge have it. */
async function helloWorld({ "http-server": wasm }: Servers): Promise<void> {
  await serve(["run", "--dir", ".:/", wasm], /listening/);
  await answering(8080);
  isSame("curl http://localhost:8080", await ask("http://localhost:8080"), "Hello, World!\n");
  isSame("another path", (await fetch("http://127.0.0.1:8080/other")).status, 404);
  const many = await Promise.all(Array.from({ length: 200 }, () => fetch("http://127.0.0.1:8080/")));
  isSame("200 at once", new Set(await Promise.all(many.map((one) => one.text()))).size, 1);
}

async function httpbin({ httpbin: wasm }: Servers): Promise<void> {
  const port = await freePort();
  await serve(["--env", `PORT=${port}`, wasm], /listening/);
  await answering(port);
  const url = `http://127.0.0.1:${port}`;
  const told = JSON.parse(await ask(`${url}/get?foo=bar`)) as { args: unknown; headers: { host: string }; url: string };
  isSame("args", told.args, { foo: "bar" });
  isSame("headers", told.headers.host, `127.0.0.1:${port}`);
  isSame("url", told.url, `${url}/get`);
  const body = randomBytes(3_000_000);
  const echoed = Buffer.from(await (await fetch(`${url}/echo`, { method: "POST", body })).arrayBuffer());
  isSame("an echo of 3 MB", echoed.equals(body), true);
}

/** Hyper's, of this process and of a guest; and where nobody listens. */
async function client({ client: wasm, httpbin: server }: Servers): Promise<void> {
  const text = "x".repeat(200_000);
  const host = createServer((_, response) => response.end(text)).listen(0, "127.0.0.1");
  await once(host, "listening");
  const get = async (url: string): Promise<string> => (await run(process.execPath, [cliPath, wasm, url])).stdout;
  isSame(
    "of node:http",
    await get(`http://127.0.0.1:${(host.address() as { port: number }).port}/`),
    `200 OK\n${text}\n`,
  );
  host.close();
  const port = await freePort();
  await serve(["--env", `PORT=${port}`, server], /listening/);
  await answering(port);
  isSame("of a guest", /^200 OK\n.*"foo":"bar"/.test(await get(`http://127.0.0.1:${port}/get?foo=bar`)), true);
  const refused = await get(`http://127.0.0.1:${await freePort()}/`).catch((error: Error) => error.message);
  // Its library finds out only when it reads.
  isSame("of nobody", /hyper::Error/.test(refused), true);
}

const { values } = parseArgs({ options: { out: { type: "string" } } });
const from = performance.now();
const servers = await buildServers();
console.log(`built: ${Math.round((performance.now() - from) / 1000)} s`);
for (const [name, path] of Object.entries(servers))
  if (values.out !== undefined) copyFileSync(path, join(values.out, `${name}.wasm`));
for (const [name, test] of Object.entries({
  "http-server (warp)": helloWorld,
  "httpbin (warp)": httpbin,
  "client (hyper)": client,
}))
  try {
    await test(servers);
    console.log(`ok ${name}`);
  } catch (error) {
    console.log(`FAILED ${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    endServers();
  }
