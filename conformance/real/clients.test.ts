/** Servers in C, Rust and AssemblyScript, asked by the clients that people have: curl and wrk. */
import { execFile } from "node:child_process";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { describeLanguage } from "./languages.ts";
import { endServers, example, freePort, serve } from "./serving.ts";

const folder = mkdtempSync(join(tmpdir(), "wasmts-clients-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(endServers);

const isThere = (tool: string): boolean =>
  (process.env.PATH ?? "").split(delimiter).some((path) => existsSync(join(path, tool)));

/** `describe`, skipped by name where the tool is not. */
function describeTool(tool: string, body: () => void): void {
  if (isThere(tool)) describe(tool, body);
  else describe.skip(`servers not asked by ${tool}: install ${tool}`, body);
}

const run = promisify(execFile);
/** Standard output, and what went over the connection as `--verbose` tells it. */
const curl = (...args: readonly string[]): Promise<{ stdout: string; stderr: string }> =>
  run("curl", ["--silent", "--show-error", "--verbose", "--max-time", "30", ...args], { maxBuffer: 1 << 24 });

describeTool("curl", () => {
  test("gets many answers over one connection, with and without HTTP/1.1", async () => {
    const port = await freePort();
    await serve([example, String(port)], /listening/);
    const url = `http://127.0.0.1:${port}/`;
    const { stdout, stderr } = await curl(url, url, url);
    expect(stdout).toBe("Hello, World!\n".repeat(3));
    expect(stderr.match(/Connected to/g)).toHaveLength(1);
    expect(stderr.match(/< HTTP\/1\.1 200 OK/g)).toHaveLength(3);
    expect((await curl("--header", `X: ${"y".repeat(6000)}`, url)).stdout).toBe("Hello, World!\n");
  });

  test("gets answers over many connections at once", async () => {
    const port = await freePort();
    await serve([example, String(port)], /listening/);
    const many = ["--parallel", "--parallel-immediate", "--parallel-max", "100"];
    const { stdout } = await curl(...many, `http://127.0.0.1:${port}/[1-300]`);
    expect(stdout).toBe("Hello, World!\n".repeat(300));
  });
});

await describeLanguage("rust", (guests) => {
  describeTool("curl", () => {
    test("gets JSON about its request, and sends bodies", async () => {
      const { wasm } = await guests.program("httpbin");
      const port = await freePort();
      const server = await serve([wasm, String(port)], /listening/);
      const url = `http://127.0.0.1:${port}`;
      const { stdout } = await curl("--header", 'X-Quoted: "\\', `${url}/get?foo=bar&a=1+%26`);
      expect(JSON.parse(stdout)).toEqual({
        args: { foo: "bar", a: "1 &" },
        data: "",
        headers: expect.objectContaining({ Host: `127.0.0.1:${port}`, "X-Quoted": '"\\', Accept: "*/*" }),
        origin: "127.0.0.1",
        url: `${url}/get?foo=bar&a=1+%26`,
      });
      const body = join(folder, "body");
      writeFileSync(body, "line\n".repeat(200_000));
      // Nobody says `100 Continue`, for which curl would wait a second.
      const posted = await curl("--header", "Expect:", "--data-binary", `@${body}`, `${url}/post`);
      expect((JSON.parse(posted.stdout) as { data: string }).data).toBe(readFileSync(body, "utf8"));
      const wrong = await curl(`${url}/get/`, "--next", "--request", "DELETE", `${url}/get`);
      expect(wrong.stderr.match(/< HTTP\/1\.1 40\d/g)).toEqual(["< HTTP/1.1 404", "< HTTP/1.1 405"]);
      expect((await curl(`${url}/quit`)).stdout).toBe("{}\n");
      expect((await server.ended)[0]).toBe(7);
    });
  });

  test("a server of datagrams", async () => {
    const { wasm } = await guests.program("udp-echo");
    const port = await freePort();
    const server = await serve([wasm, String(port)], /listening/);
    const client = createSocket("udp4");
    client.connect(port, "127.0.0.1");
    await once(client, "connect");
    for (const text of ["a", "abc", `${"x".repeat(9000)}y`]) {
      const answer = once(client, "message");
      client.send(text);
      expect(String((await answer)[0])).toBe([...text].reverse().join(""));
    }
    client.send("");
    expect((await server.ended)[0]).toBe(7);
    client.close();
  });
});

await describeLanguage("c", (guests) => {
  describeTool("curl", () => {
    test("is answered by a server on preview 1's calls, on a listener that it is given", async () => {
      const { wasm } = await guests.program("accept");
      const port = await freePort();
      const args = ["--net", "none", "--tcplisten", `127.0.0.1:${port}`, "--dir", `${folder}:/`, wasm];
      const server = await serve(args, /listening/);
      const url = `http://127.0.0.1:${port}`;
      expect((await curl(`${url}/a`, `${url}/b`)).stdout).toBe(
        "hello from c: GET /a HTTP/1.1\nhello from c: GET /b HTTP/1.1\n",
      );
      expect((await curl("--http1.0", `${url}/quit`)).stdout).toBe("hello from c: GET /quit HTTP/1.0\n");
      expect((await server.ended)[0]).toBe(7);
    });
  });
});

describeTool("wrk", () => {
  test("finds no error with 200 connections", async () => {
    const port = await freePort();
    await serve([example, String(port)], /listening/);
    const { stdout } = await run("wrk", ["-t1", "-c200", "-d1s", "--timeout", "20s", `http://127.0.0.1:${port}/`]);
    expect(Number(/(\d+) requests in/.exec(stdout)![1])).toBeGreaterThan(200);
    expect(stdout).not.toMatch(/Socket errors|Non-2xx/);
  });
});
