/** A server under the command, as seen from outside: its port, its descriptors, its memory, and what it reports at its end. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ListenerTraffic } from "../../wasi/index.ts";
import { cliPath } from "../real/project.ts";

/** Of the server's process. Both are -1 where there is no /proc. */
export interface Footprint {
  readonly descriptors: number;
  /** Resident, MiB. */
  readonly memory: number;
}

export class Served {
  readonly port: number;
  readonly #child: ChildProcess;
  readonly #folder: string;

  private constructor(port: number, child: ChildProcess, folder: string) {
    this.port = port;
    this.#child = child;
    this.#folder = folder;
  }

  /** @param isUp  matches what the guest prints when it listens; its group is the port */
  static async start(args: readonly string[], isUp: RegExp): Promise<Served> {
    const folder = mkdtempSync(join(tmpdir(), "wasmts-soak-"));
    const child = spawn(process.execPath, [cliPath, "--report", join(folder, "report"), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    for (let text = ""; ; ) {
      const [chunk] = (await Promise.race([once(child.stdout!, "data"), once(child, "exit")])) as [unknown];
      if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
      text += String(chunk);
      const found = isUp.exec(text);
      if (found !== null) return new Served(Number(found[1]), child, folder);
    }
  }

  footprint(): Footprint {
    const proc = `/proc/${this.#child.pid}`;
    try {
      const [, pages] = readFileSync(`${proc}/statm`, "latin1").split(" ");
      return { descriptors: readdirSync(`${proc}/fd`).length, memory: Math.round((Number(pages) * 4096) / 2 ** 20) };
    } catch {
      return { descriptors: -1, memory: -1 };
    }
  }

  /** Ends it by SIGTERM. */
  async stop(): Promise<ListenerTraffic> {
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGTERM");
    await ended;
    const report = JSON.parse(readFileSync(join(this.#folder, "report"), "utf8")) as {
      network: { listeners: [ListenerTraffic] };
    };
    rmSync(this.#folder, { recursive: true, force: true });
    return report.network.listeners[0];
  }

  kill(): void {
    this.#child.kill("SIGKILL");
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
