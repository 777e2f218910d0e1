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
/** $0 is the CPU time it may use. Its standard error stays its own; the times go to descriptor 3. */
const timing = 'ulimit -t "$0"; TIMEFORMAT="%R %U %S"; exec 4>&2 2>&3 3>&-; time "$@" 2>&4 4>&-';
/** Ended by the system for having used it up; its count may be some way from what it reports. */
const limitStatuses = [128 + 9, 128 + 24];
/** On a busy machine a process that computes all the time gets a fraction of a core: this much longer may it take. */
export const wallFactor = 6;
const pollMs = 4;

/** @param options  `timeoutMs` is of CPU time where the system can limit it, and `wallFactor` times as much of wall time */
export function run(command: Command, options: { input?: Uint8Array; timeoutMs: number }): Promise<Usage> {
  const limit = Math.max(1, Math.ceil(options.timeoutMs / 1000));
  return new Promise((resolve, reject) => {
    const [file, args] = bash
      ? [bash, ["-c", timing, `${limit}`, command.file, ...command.args]]
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
    const timer = setTimeout(
      () => {
        isTimeout = true;
        if (child.pid !== undefined) process.kill(bash ? -child.pid : child.pid, "SIGKILL");
      },
      options.timeoutMs * (bash ? wallFactor : 1),
    );
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => err.push(part));
    (child.stdio[3] as NodeJS.ReadableStream).on("data", (part: Buffer) => times.push(part));
    child.stdin.on("error", () => undefined); // a command need not read its input
    child.stdin.end(options.input ?? new Uint8Array());
    child.on("error", reject);
    child.on("close", (status) => {
      clearTimeout(timer);
      // The last line: bash reports a command's violent end before it.
      const told = /([\d.]+) ([\d.]+) ([\d.]+)\s*$/.exec(Buffer.concat(times).toString())?.slice(1).map(Number);
      const peakMiB = peak.stop();
      const isUsedUp = told !== undefined && told[1]! + told[2]! > limit * 0.5 && limitStatuses.includes(status ?? 0);
      resolve({
        wallMs: told ? told[0]! * 1000 : performance.now() - start,
        ...(told ? { cpuMs: (told[1]! + told[2]!) * 1000 } : {}),
        ...(peakMiB !== undefined ? { peakMiB } : {}),
        stdout: Buffer.concat(out),
        stderr: Buffer.concat(err).toString(),
        status,
        isTimeout: isTimeout || isUsedUp,
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

/** CPU milliseconds a running process has used, in steps of 10; undefined where the system does not tell. */
export function cpuOf(pid: number): number | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return undefined;
  }
}
