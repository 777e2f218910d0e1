/**
 * Runs a command and says what it took: wall time, CPU time, peak memory.
 *
 * Node tells a parent none of the last two. CPU time is `time` of bash, which asks the system when the command has ended.
 * Memory is Linux's high-water mark of the process, read every few milliseconds: what is reached in the last of them may
 * be missed. Where there is no bash or no /proc the figure is left out.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { onPath } from "./engines/find.ts";

export interface Command {
  readonly file: string;
  readonly args: readonly string[];
  readonly cwd?: string;
}

export interface Usage {
  readonly wallMs: number;
  readonly cpuMs?: number;
  readonly peakMiB?: number;
  readonly stdout: Buffer;
  readonly stderr: string;
  /** Null after a signal or a time-out. */
  readonly status: number | null;
  readonly isTimeout: boolean;
}

const bash = process.platform === "win32" ? undefined : onPath("bash");
/** The command's standard error stays its own; the times go to descriptor 3. */
const timing = 'TIMEFORMAT="%R %U %S"; exec 4>&2 2>&3 3>&-; time "$@" 2>&4 4>&-';
const pollMs = 4;

export function run(command: Command, options: { input?: Uint8Array; timeoutMs: number }): Promise<Usage> {
  return new Promise((resolve, reject) => {
    const [file, args] = bash
      ? [bash, ["-c", timing, "bash", command.file, ...command.args]]
      : [command.file, [...command.args]];
    const start = performance.now();
    const child = spawn(file, args, {
      cwd: command.cwd,
      stdio: ["pipe", "pipe", "pipe", "pipe"],
      detached: bash !== undefined, // a group, so that a time-out ends bash and the command
    });
    const peak = watchMemory(child.pid, bash !== undefined);
    const [out, err, times]: [Buffer[], Buffer[], Buffer[]] = [[], [], []];
    let isTimeout = false;
    const timer = setTimeout(() => {
      isTimeout = true;
      if (child.pid !== undefined) process.kill(bash ? -child.pid : child.pid, "SIGKILL");
    }, options.timeoutMs);
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => err.push(part));
    (child.stdio[3] as NodeJS.ReadableStream).on("data", (part: Buffer) => times.push(part));
    child.stdin.on("error", () => undefined); // a command need not read its input
    child.stdin.end(options.input ?? new Uint8Array());
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      const told = /^([\d.]+) ([\d.]+) ([\d.]+)/.exec(Buffer.concat(times).toString())?.slice(1).map(Number);
      const peakMiB = peak.stop();
      resolve({
        wallMs: told ? told[0]! * 1000 : performance.now() - start,
        ...(told ? { cpuMs: (told[1]! + told[2]!) * 1000 } : {}),
        ...(peakMiB !== undefined ? { peakMiB } : {}),
        stdout: Buffer.concat(out),
        stderr: Buffer.concat(err).toString(),
        status,
        isTimeout,
      });
    });
  });
}

function watchMemory(pid: number | undefined, isBehindBash: boolean): { stop(): number | undefined } {
  let most: number | undefined;
  let target = isBehindBash ? undefined : pid;
  const look = () => {
    try {
      target ??= Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ")[0]) || undefined;
      const status = target === undefined ? "" : readFileSync(`/proc/${target}/status`, "utf8");
      const kilobytes = Number(/VmHWM:\s*(\d+)/.exec(status)?.[1]);
      if (kilobytes > 0) most = Math.max(most ?? 0, kilobytes / 1024);
    } catch {
      // Not Linux, not started yet, or over already.
    }
  };
  const timer = setInterval(look, pollMs);
  return {
    stop: () => {
      clearInterval(timer);
      return most;
    },
  };
}
