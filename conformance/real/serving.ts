/** Servers under the command, for tests. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createServer } from "node:net";
import { join } from "node:path";
import { cliPath, root } from "./project.ts";

/** A web server in AssemblyScript: its argument is the port. */
export const example: string = join(root, "examples/http-server.wasm");

export interface Server {
  readonly child: ChildProcess;
  readonly ended: Promise<unknown[]>;
  /** What it has written. */
  text(): string;
}

const children: ChildProcess[] = [];

/** After each test. */
export function endServers(): void {
  for (const child of children.splice(0)) child.kill("SIGKILL");
}

/** Starts the command, and waits until it has written something that matches. */
export async function serve(args: readonly string[], isUp: RegExp): Promise<Server> {
  const child = spawn(process.execPath, [cliPath, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let written = "";
  const ended = once(child, "exit");
  await new Promise<void>((resolve, reject) => {
    const take = (chunk: Buffer): void => {
      written += String(chunk);
      if (isUp.test(written)) resolve();
    };
    child.stdout!.on("data", take);
    child.stderr!.on("data", take);
    void ended.then(() => reject(new Error(`it ended: ${written}`)));
  });
  return { child, ended, text: () => written };
}

/** A port that is free now. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}
