/** `--net-backend thread`: what it takes, and how a server ends that waits for its sockets on the thread. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { freePort } from "../conformance/real/serving.ts";
import { networkOf } from "./network.ts";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const main = join(root, "dist/bin/wasmts.js");
const server = join(root, "examples/http-server.wasm");
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

/** The example under the command, once it listens; `end` gives its status and what it has written. */
async function served(...options: string[]): Promise<{ child: ChildProcess; port: number; end: Promise<unknown[]> }> {
  const port = await freePort();
  const args = [main, "--net-backend", "thread", "--json", ...options, server, `${port}`];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  children.push(child);
  let out = "";
  child.stdout.on("data", (chunk: Uint8Array) => (out += String(chunk)));
  const end = once(child, "close").then(([status, signal]) => [status ?? signal, JSON.parse(out.split("\n")[1]!)]);
  await once(child.stdout, "data");
  return { child, port, end };
}

describe("--net-backend thread", () => {
  it("takes nothing else but loop", () => {
    const { status, stderr } = spawnSync(process.execPath, [main, "--net-backend", "treads", server], {
      encoding: "utf8",
    });
    expect([status, stderr]).toEqual([2, expect.stringContaining("loop or thread")]);
    expect(() => networkOf({ backend: "x" as "loop" })).toThrow(expect.objectContaining({ code: "WT6503" }));
    expect(networkOf({ backend: "thread" }).backend).toBe("thread");
  });
  it.each([
    ["SIGTERM", "WT6582"],
    ["SIGINT", "WT6581"],
  ] as const)(
    "serves, and ends at %s while it waits, with what it has served",
    async (signal, code) => {
      const { child, port, end } = await served();
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe("Hello, World!\n");
      child.kill(signal);
      const [, outcome] = await end;
      const listeners = [{ address: `0.0.0.0:${port}`, accepted: 1 }];
      expect(outcome).toMatchObject({ kind: "cancelled", error: { code }, network: { listeners } });
      await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    },
    30_000,
  );
  it("ends at a time limit while it waits", async () => {
    const { end } = await served("--timeout", "700ms");
    expect(await end).toEqual([124, expect.objectContaining({ kind: "deadline" })]);
  }, 30_000);
});
