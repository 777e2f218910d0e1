/** The servers that are compared, each a process that answers every request with `Hello, World!`. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { root } from "../../conformance/real/project.ts";
import { freePort } from "../../conformance/real/serving.ts";
import { compileGuest } from "../../conformance/real/toolchains.ts";

export interface Contestant {
  readonly name: string;
  /** Of Node.js. */
  readonly args: (port: number) => readonly string[];
  /** Where it listens, if it cannot be told. */
  readonly port?: number;
}

export const baseline: Contestant = {
  name: "node:http",
  args: (port) => [fileURLToPath(new URL("./node-http.js", import.meta.url)), `${port}`],
};

/** Those of one build. @param dist  where it is */
export async function ours(dist: string, suffix = ""): Promise<readonly Contestant[]> {
  const command = join(dist, "bin/wasmts.js");
  const example = join(root, "examples/http-server.wasm");
  const listener = await compileGuest("assemblyscript", "http-listener");
  const thread = ["--net-backend", "thread"];
  return [
    { name: `WasmEdge's calls${suffix}`, args: (port) => [command, example, `${port}`] },
    { name: `WasmEdge's, thread${suffix}`, args: (port) => [command, ...thread, example, `${port}`] },
    { name: `preview 1${suffix}`, args: (port) => [command, "--tcplisten", `127.0.0.1:${port}`, listener] },
    {
      name: `preview 1, thread${suffix}`,
      args: (port) => [command, ...thread, "--tcplisten", `127.0.0.1:${port}`, listener],
    },
  ];
}

/** A module that opens its socket itself, at port 8080. */
export const given = (path: string): Contestant => ({
  name: path.replace(/.*\//, ""),
  args: () => [join(root, "dist/bin/wasmts.js"), path],
  port: 8080,
});

export interface Serving {
  readonly name: string;
  readonly port: number;
  readonly child: ChildProcess;
}

/** Starts it, and waits until it answers. */
export async function start({ name, args, port }: Contestant): Promise<Serving> {
  const at = port ?? (await freePort());
  const child = spawn(process.execPath, ["--no-warnings", ...args(at)], { stdio: ["ignore", "ignore", "inherit"] });
  const isUp = async (): Promise<boolean> => {
    const response = await fetch(`http://127.0.0.1:${at}/`).catch(() => undefined);
    return (await response?.text())?.startsWith("Hello, World!") === true;
  };
  for (let tries = 0; !(await isUp()); tries++) {
    if (child.exitCode !== null || tries > 200) throw new Error(`${name}: does not answer`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return { name, port: at, child };
}
