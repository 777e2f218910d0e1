/** The command line of the benchmark: what to measure, how thoroughly, where to write. */
import { parseArgs } from "node:util";
import { nativeEngines } from "./engines/native.ts";

export const parts = ["kernels", "npm", "programs", "esbuild", "decode"] as const;
export type Part = (typeof parts)[number];

export const usage = `usage: npm run bench -- [OPTIONS]
       npm run bench -- compare OLD.json NEW.json
       npm run bench -- show RESULTS.json [--html FILE]
       npm run bench -- micro [WORDS]
       npm run bench -- wasi [--json FILE]
       npm run bench -- servers [--connections N,N] [--seconds N] [--rounds N] [--before DIST] [--json FILE] [MODULE]
       npm run bench -- ops [--kernel NAMES]
       npm run bench -- metering [--before DIST]

  --quick            less work and fewer rounds: for a look, not for the record
  --filter WORDS     only cases whose name or group contains one of these words (comma-separated)
  --only PARTS       only some of: ${parts.join(", ")}
  --engine NAMES     only these engines, such as v8,interp,wasm2js. NAME=PATH says where a native engine is that is not on
                     PATH (${Object.keys(nativeEngines).join(", ")}). May be repeated
  --tier TIERS       only these tiers of ours
  --metered          each tier also with guests that have fuel, or a time limit
  --rounds N         samples of each case and engine, if time allows
  --node PATH        measure under another Node
  --json FILE        write the results there as well
  --html FILE        write them as a page
  --no-save          do not touch bench/results`;

export interface Options {
  readonly isQuick: boolean;
  readonly words: readonly string[];
  readonly parts: ReadonlySet<Part>;
  /** Empty: all there are. */
  readonly engines: readonly string[];
  readonly enginePaths: ReadonlyMap<string, string>;
  readonly tiers: readonly string[];
  readonly isMetered: boolean;
  readonly rounds: number | undefined;
  readonly node: string | undefined;
  readonly json: string | undefined;
  readonly html: string | undefined;
  readonly isSaved: boolean;
}

/** The command line asks for something that does not exist. */
export class UsageError extends Error {}

const list = (text: string | undefined): string[] => text?.split(",").filter((word) => word !== "") ?? [];

/** @throws UsageError */
export function readOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  const named = (values.engine ?? []).flatMap(list);
  const paths = named.filter((word) => word.includes("=")).map((word) => word.split("=") as [string, string]);
  const unknown = paths.find(([name]) => !(name in nativeEngines));
  if (unknown) throw new UsageError(`no native engine "${unknown[0]}": ${Object.keys(nativeEngines).join(", ")}`);
  const wanted = values.only === undefined ? [...parts] : list(values.only);
  const wrong = wanted.find((part) => !parts.includes(part as Part));
  if (wrong !== undefined) throw new UsageError(`no part "${wrong}": ${parts.join(", ")}`);
  const rounds = values.rounds === undefined ? undefined : Number(values.rounds);
  if (rounds !== undefined && !(Number.isInteger(rounds) && rounds > 0))
    throw new UsageError("--rounds takes a number");
  return {
    isQuick: values.quick,
    words: list(values.filter),
    parts: new Set(wanted as Part[]),
    engines: named.filter((word) => !word.includes("=")),
    enginePaths: new Map(paths),
    tiers: list(values.tier),
    isMetered: values.metered,
    rounds,
    node: values.node,
    json: values.json,
    html: values.html,
    isSaved: !values["no-save"],
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean", default: false },
        filter: { type: "string" },
        only: { type: "string" },
        engine: { type: "string", multiple: true },
        tier: { type: "string" },
        metered: { type: "boolean", default: false },
        rounds: { type: "string" },
        node: { type: "string" },
        json: { type: "string" },
        html: { type: "string" },
        "no-save": { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
