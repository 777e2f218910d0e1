/**
 * A contestant that is a native program. Kernels become WASI programs (`wrap.ts`); the time of a call is the difference
 * between a run with many calls and one with none, so that neither start-up nor compilation is part of it.
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Elapsed } from "./clocks.ts";
import { type Contestant, Failure } from "./contestant.ts";
import { kernels, scaled } from "./corpus.ts";
import type { Contender } from "./engines/roster.ts";
import { run, type Usage } from "./process-usage.ts";
import type { Loaded } from "./session.ts";
import { kernelBytes, type Workload } from "./workload.ts";
import { wrapKernel } from "./wrap.ts";

/** CPU time of the calls of one sample: start-up varies by some milliseconds. */
const sampleMs = 200;
const maxCalls = 200;

export class NativeContestant implements Contestant {
  readonly id: string;
  readonly #contender: Contender;
  readonly #timeoutMs: number;
  readonly #scratch = mkdtempSync(join(tmpdir(), "wasmts-bench-"));
  /** The kernel with no call and with `#calls` calls. */
  #calls = 1;
  #mostMiB: number | undefined;

  constructor(contender: Contender, timeoutMs: number) {
    this.id = contender.info.id;
    this.#contender = contender;
    this.#timeoutMs = timeoutMs;
  }

  async load(workload: Workload, divide: number): Promise<Loaded> {
    const kernel = kernels.find(({ name }) => name === workload.name);
    if (kernel === undefined) throw new Failure("unsupported", "only kernels are made into programs");
    const write = async (times: number) =>
      writeFileSync(this.#file(times), await wrapKernel(kernelBytes(kernel), scaled(kernel, divide), times));
    await Promise.all([write(0), write(1)]);
    const empty = await this.#run(0);
    const once = await this.#run(1);
    const callMs = Math.max(0.5, cpu(once) - cpu(empty));
    this.#calls = Math.min(maxCalls, Math.max(1, Math.round(sampleMs / callMs)));
    await write(this.#calls);
    return { checksum: Number.parseInt(once.stdout.toString(), 16), loadMs: cpu(empty), firstMs: callMs };
  }

  async warm(): Promise<void> {}

  async sample(): Promise<Elapsed> {
    const [empty, full] = [await this.#run(0), await this.#run(this.#calls)];
    const per = (whole: number, start: number) => Math.max(1e-3, (whole - start) / this.#calls);
    return { cpuMs: per(cpu(full), cpu(empty)), wallMs: per(full.wallMs, empty.wallMs) };
  }

  async close(): Promise<number | undefined> {
    rmSync(this.#scratch, { recursive: true, force: true });
    return this.#mostMiB;
  }

  #file(times: number): string {
    return join(this.#scratch, `${times}.wasm`);
  }

  async #run(times: number): Promise<Usage> {
    const usage = await run(this.#contender.command({ wasm: this.#file(times), args: [] }), {
      timeoutMs: this.#timeoutMs,
    });
    if (usage.isTimeout) throw new Failure("timeout", `not done in ${this.#timeoutMs / 1000} s`);
    if (usage.status !== 0)
      throw new Failure("failed", `exit code ${usage.status}: ${usage.stderr.trim().split("\n")[0]}`);
    this.#mostMiB = Math.max(this.#mostMiB ?? 0, usage.peakMiB ?? 0) || undefined;
    return usage;
  }
}

const cpu = (usage: Usage): number => usage.cpuMs ?? usage.wallMs;
