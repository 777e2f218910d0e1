/** Servers: real programs that listen, under the command, asked by real clients. */
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { describeLanguage } from "./languages.ts";
import { endServers, example, freePort, serve } from "./serving.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-servers-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endServers);

const fetchText = async (port: number, path = "/", init?: RequestInit): Promise<string> =>
  (await fetch(`http://127.0.0.1:${port}${path}`, init)).text();

describe("examples/http-server", () => {
  test("answers many connections, and many requests on each", async () => {
    const port = await freePort();
    await serve([example, String(port)], /listening/);
    const agent = new Agent({ keepAlive: true, maxSockets: 200 });
    const ask = (): Promise<string> =>
      new Promise((resolve, reject) => {
        get({ host: "127.0.0.1", port, agent }, (response) => {
          let text = "";
          response.on("data", (chunk) => (text += String(chunk)));
          response.on("end", () => resolve(text));
        }).on("error", reject);
      });
    const answers = await Promise.all(Array.from({ length: 200 }, async () => [await ask(), await ask(), await ask()]));
    agent.destroy();
    expect(new Set(answers.flat())).toEqual(new Set(["Hello, World!\n"]));
  });

  test("goes on when clients are slow, vanish or reset", async () => {
    const port = await freePort();
    const server = await serve([example, String(port)], /listening/);
    const clients = Array.from({ length: 20 }, () => connect({ port, host: "127.0.0.1" }));
    await Promise.all(clients.map((client) => once(client, "connect")));
    for (const [i, client] of clients.entries()) {
      client.on("error", () => {});
      client.write("GET / HT");
      if (i % 2 === 0) client.resetAndDestroy();
      else if (i % 3 === 0) client.end();
    }
    expect(await fetchText(port)).toBe("Hello, World!\n");
    const slow = clients[1]!;
    slow.write("TP/1.1\r\n");
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(server.child.exitCode).toBeNull();
  });

  test("costs nothing while nobody asks, with 100 connections open", async () => {
    const port = await freePort();
    const { child } = await serve([example, String(port)], /listening/);
    const clients = Array.from({ length: 100 }, () => connect({ port, host: "127.0.0.1" }));
    await Promise.all(clients.map((client) => once(client, "connect")));
    expect(await fetchText(port)).toBe("Hello, World!\n");
    // V8 may still be optimising in the background what has just run.
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const before = await cpuTicks(child.pid!);
    if (before === undefined) return console.log("skipped: no /proc here");
    await new Promise((resolve) => setTimeout(resolve, 2000));
    // Of 200 ticks of a hundredth of a second.
    expect((await cpuTicks(child.pid!))! - before).toBeLessThanOrEqual(4);
    for (const client of clients) client.destroy();
  });

  test("is ended by its time", async () => {
    const timed = await serve(["--json", "--timeout", "1s", example, String(await freePort())], /listening/);
    expect((await timed.ended)[0]).toBe(124);
    const record = JSON.parse(timed.text().trimEnd().split("\n").at(-1)!) as object;
    expect(record).toMatchObject({ kind: "deadline", network: { listeners: [{ accepted: 0 }] } });
  });

  test.each([
    ["SIGTERM", "WT6582", 143],
    ["SIGINT", "WT6581", 130],
  ] as const)("is ended by %s, and what it served is told", async (signal, code, status) => {
    const port = await freePort();
    const file = join(folder, "report");
    const server = await serve(["--report", file, example, String(port)], /listening/);
    const request = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    const client = connect({ port, host: "127.0.0.1" });
    let answers = "";
    client.on("data", (chunk) => (answers += String(chunk)));
    for (let n = 1; n <= 2; n++) {
      client.write(request);
      await expect.poll(() => answers.split("Hello").length, { interval: 5 }).toBe(n + 1);
    }
    const ended = once(client, "close");
    client.on("error", () => {});
    server.child.kill(signal);
    expect(await server.ended).toEqual([null, signal]);
    await ended;
    const counts = { accepted: 1, bytesIn: 2 * request.length, bytesOut: answers.length };
    expect(JSON.parse(readFileSync(file, "utf8"))).toMatchObject({
      kind: "cancelled",
      status,
      error: { code },
      network: {
        listeners: [{ address: `0.0.0.0:${port}`, ...counts }],
        connected: { connections: 0, bytesIn: 0, bytesOut: 0 },
        datagrams: { received: 0, sent: 0, bytesIn: 0, bytesOut: 0 },
      },
    });
  });

  test("may not listen where the options forbid it", async () => {
    const port = await freePort();
    const denied = await serve(["--net", "none", example, String(port)], /sock_bind: error 2/);
    expect((await denied.ended)[0]).toBe(1);
    const other = await serve(["--net", `listen=127.0.0.1:${port}`, example, String(port)], /sock_bind: error 2/);
    expect((await other.ended)[0]).toBe(1);
    await serve(["--net", "none", "--allow-listen", `0.0.0.0:${port}`, example, String(port)], /listening/);
    expect(await fetchText(port)).toBe("Hello, World!\n");
  });
});

await describeLanguage("c", (guests) => {
  test("a server on WasmEdge's calls", async () => {
    const { wasm } = await guests.program("serve");
    const server = await serve([wasm], /serving at 127\.0\.0\.1:\d+/);
    const port = Number(/:(\d+)/.exec(server.text())![1]);
    expect(await fetchText(port)).toBe("hello from c to 127.0.0.1\n");
    expect(await fetchText(port, "/quit")).toBe("hello from c to 127.0.0.1\n");
    expect((await server.ended)[0]).toBe(7);
  });
});

await describeLanguage("go", (guests) => {
  test("a server of net/http on a listener that it is given, beside directories", async () => {
    const { wasm } = await guests.program("serve");
    const port = await freePort();
    const server = await serve(["--tcplisten", `127.0.0.1:${port}`, "--dir", ".:/", wasm], /serving/);
    const body = "x".repeat(100_000);
    const answers = await Promise.all([
      fetchText(port, "/a"),
      fetchText(port, "/b", { method: "POST", body }),
      fetchText(port, "/c"),
    ]);
    expect(answers).toEqual([
      "hello from go: GET /a, 0 bytes\n",
      "hello from go: POST /b, 100000 bytes\n",
      "hello from go: GET /c, 0 bytes\n",
    ]);
    await expect(fetchText(port, "/quit")).rejects.toThrow();
    expect((await server.ended)[0]).toBe(7);
  });
});

/** Hundredths of a second of processor that a process has used. */
async function cpuTicks(pid: number): Promise<number | undefined> {
  const { readFile } = await import("node:fs/promises");
  try {
    const fields = (await readFile(`/proc/${pid}/stat`, "latin1")).replace(/^.*\) /, "").split(" ");
    return Number(fields[11]) + Number(fields[12]);
  } catch {
    return undefined;
  }
}
