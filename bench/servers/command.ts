/**
 * The `servers` command: requests per second, CPU time and slow answers of hello-world servers, beside `node:http`.
 *
 * All servers run through the whole measuring; load is put on one after the other, round by round, and ratios are taken
 * round by round.
 */

import { join } from "node:path";
import { parseArgs } from "node:util";
import { root } from "../../conformance/real/project.ts";
import { UsageError } from "../options.ts";
import { cpuOf } from "../process-usage.ts";
import { machine, writeJson } from "../results.ts";
import { median, pairedRatio } from "../statistics.ts";
import { baseline, type Contestant, given, ours, type Serving, start } from "./contestants.ts";
import { client, load } from "./load.ts";

/** One round of load. */
export interface Round {
  readonly perSecond: number;
  readonly p99: number;
  /** CPU time of the server for a request, all its threads; undefined where the system does not tell. */
  readonly cpuUs: number | undefined;
  readonly errors: number;
}

/** Rounds by server. */
type Measured = Record<string, Round[]>;

interface Options {
  readonly connections: readonly number[];
  readonly seconds: number;
  readonly rounds: number;
  readonly contestants: readonly Contestant[];
  readonly json: string | undefined;
}

export async function servers(args: readonly string[]): Promise<number> {
  const { connections, seconds, rounds, contestants, json } = await readOptions(args);
  const all: Record<number, Measured> = {};
  const serving: Serving[] = [];
  try {
    for (const contestant of contestants) serving.push(await start(contestant));
    // What is compiled while it runs is compiled then.
    for (const { port } of serving) await load(port, 32, Math.max(2, seconds));
    console.log(`load by ${client}, ${rounds} rounds of ${seconds} s`);
    for (const count of connections) {
      all[count] = await measure(serving, count, seconds, rounds);
      for (const line of table(count, all[count])) console.log(line);
    }
  } finally {
    for (const { child } of serving) child.kill("SIGKILL");
  }
  if (json !== undefined) writeJson(json, { machine: machine(), client, seconds, measured: all });
  return 0;
}

async function readOptions(args: readonly string[]): Promise<Options> {
  const { values, positionals } = parse(args);
  const connections = values.connections.split(",").map(Number);
  const [seconds, rounds] = [Number(values.seconds), Number(values.rounds)];
  if (![...connections, seconds, rounds].every((n) => Number.isInteger(n) && n > 0))
    throw new UsageError("servers takes whole numbers");
  const before = values.before === undefined ? [] : await ours(values.before, ", before");
  if (positionals.length > 1) throw new UsageError("servers takes one module: it listens at port 8080");
  const contestants = [baseline, ...(await ours(join(root, "dist"))), ...before, ...positionals.map(given)];
  return { connections, seconds, rounds, contestants, json: values.json };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        connections: { type: "string", default: "1,32,256" },
        seconds: { type: "string", default: "3" },
        rounds: { type: "string", default: "5" },
        before: { type: "string" },
        json: { type: "string" },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

async function measure(
  serving: readonly Serving[],
  connections: number,
  seconds: number,
  rounds: number,
): Promise<Measured> {
  const all: Measured = Object.fromEntries(serving.map(({ name }) => [name, []]));
  for (let round = 0; round < rounds; round++)
    for (const { name, port, child } of serving) {
      const before = cpuOf(child.pid!);
      const { requests, perSecond, p99, errors } = await load(port, connections, seconds);
      const after = cpuOf(child.pid!);
      const cpuUs = before === undefined || after === undefined ? undefined : ((after - before) * 1000) / requests;
      all[name]!.push({ perSecond, p99, cpuUs, errors });
    }
  return all;
}

/** Medians, and ratios to the first server. */
export function table(connections: number, measured: Measured): string[] {
  const [first] = Object.values(measured) as [Round[]];
  const column = (rounds: readonly Round[], of: (round: Round) => number, digits: number): string => {
    const values = rounds.map(of);
    const ratio = pairedRatio(values, first.map(of)).median.toFixed(2);
    return `${median(values).toFixed(digits)} (${ratio}x)`.padStart(18);
  };
  const head = [`${connections} connections`.padEnd(26), "requests/s", "p99 ms", "CPU us/request"];
  const lines = Object.entries(measured).map(([name, rounds]) => {
    const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
    const cells = [
      column(rounds, ({ perSecond }) => perSecond, 0),
      column(rounds, ({ p99 }) => p99, 2),
      rounds.every(({ cpuUs }) => cpuUs !== undefined) ? column(rounds, ({ cpuUs }) => cpuUs!, 1) : "".padStart(18),
    ];
    return `${name.padEnd(26)}${cells.join("")}${errors === 0 ? "" : `  ${errors} errors`}`;
  });
  return [head.map((text, i) => (i === 0 ? text : text.padStart(18))).join(""), ...lines];
}
