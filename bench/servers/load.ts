/** Load on a server: by wrk where it is installed, else by a client here, which is slower than it. */
import { execFile } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { promisify } from "node:util";
import { onPath } from "../engines/find.ts";

export interface Load {
  readonly requests: number;
  readonly perSecond: number;
  /** 99 of 100 answers came within, ms. */
  readonly p99: number;
  /** Answers that were none, and connections that failed. */
  readonly errors: number;
}

const wrk = onPath("wrk");
export const client = wrk === undefined ? "Node.js's own client (no wrk)" : "wrk";

export const load = (port: number, connections: number, seconds: number): Promise<Load> =>
  wrk === undefined ? loadFromHere(port, connections, seconds) : loadByWrk(wrk, port, connections, seconds);

async function loadByWrk(file: string, port: number, connections: number, seconds: number): Promise<Load> {
  const args = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    "--timeout",
    "30s",
    `http://127.0.0.1:${port}/`,
  ];
  const { stdout } = await promisify(execFile)(file, args);
  return readWrk(stdout);
}

const units: Readonly<Record<string, number>> = { us: 0.001, ms: 1, s: 1000, m: 60_000 };

/** What `wrk --latency` has printed. @throws Error when it is something else */
export function readWrk(text: string): Load {
  const rate = /Requests\/sec:\s+([\d.]+)/.exec(text)?.[1];
  const total = /(\d+) requests in/.exec(text)?.[1];
  const slowest = /99%\s+([\d.]+)(us|ms|s|m)\b/.exec(text);
  if (rate === undefined || total === undefined || slowest === null) throw new Error(`not of wrk: ${text}`);
  const failed = /Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)/.exec(text)?.slice(1) ?? [];
  const others = /Non-2xx or 3xx responses: (\d+)/.exec(text)?.[1] ?? "0";
  return {
    requests: Number(total),
    perSecond: Number(rate),
    p99: Number(slowest[1]) * units[slowest[2]!]!,
    errors: [...failed, others].map(Number).reduce((a, b) => a + b, 0),
  };
}

const request = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const end = "Hello, World!\n";

async function loadFromHere(port: number, connections: number, seconds: number): Promise<Load> {
  const from = performance.now();
  const until = from + seconds * 1000;
  const times: number[] = [];
  let errors = 0;
  const ask = async (): Promise<void> => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    socket.setEncoding("latin1");
    try {
      await once(socket, "connect");
      for (let at = performance.now(); at < until; at = performance.now()) {
        socket.write(request);
        for (let text = ""; !text.endsWith(end); ) text += String((await once(socket, "data"))[0]);
        times.push(performance.now() - at);
      }
    } catch {
      errors++;
    }
    socket.destroy();
  };
  await Promise.all(Array.from({ length: connections }, ask));
  times.sort((a, b) => a - b);
  const p99 = times[Math.floor(times.length * 0.99)] ?? Number.NaN;
  return { requests: times.length, perSecond: (times.length * 1000) / (performance.now() - from), p99, errors };
}
