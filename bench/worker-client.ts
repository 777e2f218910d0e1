/** A contestant in a process of its own. A request that takes too long ends the process; the next load starts another. */
import { type ChildProcess, fork } from "node:child_process";
import { join } from "node:path";
import { root } from "../conformance/real/project.ts";
import type { Elapsed } from "./clocks.ts";
import { type Contestant, Failure } from "./contestant.ts";
import { cpuOf, wallFactor } from "./process-usage.ts";
import type { Loaded, WarmUp } from "./session.ts";
import type { Reply, Request } from "./worker.ts";
import type { Workload } from "./workload.ts";

const script = join(root, "dist", "bench", "worker.js");

export interface WorkerOptions {
  readonly id: string;
  readonly nodeFlags: readonly string[];
  /** CPU time of one request; see `wallFactor`. */
  readonly timeoutMs: number;
}

export class WorkerContestant implements Contestant {
  readonly id: string;
  readonly #options: WorkerOptions;
  #child: ChildProcess | undefined;
  #mostMiB: number | undefined;

  constructor(options: WorkerOptions) {
    this.id = options.id;
    this.#options = options;
  }

  load(workload: Workload, divide: number): Promise<Loaded> {
    return this.#ask({ do: "load", workload: workload.name, divide }) as Promise<Loaded>;
  }

  async warm(goal: WarmUp): Promise<void> {
    await this.#ask({ do: "warm", goal });
  }

  sample(leastMs: number): Promise<Elapsed> {
    return this.#ask({ do: "sample", leastMs }) as Promise<Elapsed>;
  }

  /** Of its process, if it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async close(): Promise<number | undefined> {
    if (this.#child === undefined) return this.#mostMiB;
    await this.#ask({ do: "memory" }).then(
      (used) => {
        this.#mostMiB = Math.max(this.#mostMiB ?? 0, used as number);
      },
      () => undefined,
    );
    this.#end();
    return this.#mostMiB;
  }

  #start(): ChildProcess {
    const { id, nodeFlags } = this.#options;
    const child = fork(script, [id], { execArgv: [...nodeFlags], stdio: ["ignore", "ignore", "pipe", "ipc"] });
    this.#child = child;
    return child;
  }

  #end(): void {
    this.#child?.kill("SIGKILL");
    this.#child = undefined;
  }

  #ask(request: Request): Promise<unknown> {
    const child = this.#child ?? this.#start();
    return new Promise((resolve, reject) => {
      let stderr = "";
      const fail = (failure: Failure) => {
        settle();
        this.#end();
        reject(failure);
      };
      const onMessage = (reply: Reply) => {
        settle();
        if ("failure" in reply) reject(new Failure(reply.failure.kind, reply.failure.detail));
        else resolve(reply.ok);
      };
      const onStderr = (text: Buffer) => {
        stderr = `${stderr}${text.toString()}`.slice(0, 4000);
      };
      const onExit = (code: number | null, signal: string | null) => fail(crash(code, signal, stderr));
      const { timeoutMs } = this.#options;
      const timer = watch(child.pid, timeoutMs, () =>
        fail(new Failure("timeout", `not done in ${timeoutMs / 1000} s`)),
      );
      const settle = () => {
        clearInterval(timer);
        child.off("message", onMessage).off("exit", onExit);
        child.stderr?.off("data", onStderr);
      };
      child.on("message", onMessage).on("exit", onExit);
      child.stderr?.on("data", onStderr);
      // One that died after its last answer cannot be asked.
      child.send(request, (error) => {
        if (error !== null) fail(crash(child.exitCode, child.signalCode, stderr));
      });
    });
  }
}

/** Calls `end` when the process has used `limitMs` of CPU time, or waited too long for it. */
function watch(pid: number | undefined, limitMs: number, end: () => void): NodeJS.Timeout {
  const [start, startCpu] = [performance.now(), pid === undefined ? undefined : cpuOf(pid)];
  return setInterval(() => {
    const cpu = pid === undefined || startCpu === undefined ? undefined : cpuOf(pid);
    const wall = performance.now() - start;
    const isOver = cpu === undefined ? wall > limitMs : cpu - startCpu! > limitMs || wall > limitMs * wallFactor;
    if (isOver) end();
  }, 100);
}

function crash(code: number | null, signal: string | null, stderr: string): Failure {
  const line = stderr.split("\n").find((text) => /error|fatal/i.test(text));
  return new Failure(
    "failed",
    `its process ended (${signal ?? `exit code ${code}`})${line ? `: ${line.trim().slice(0, 160)}` : ""}`,
  );
}
