/** The outcome as a record for programs: what `--json` prints and `--report` writes. See `wasmts help json`. */
import type { Execution } from "./execute.ts";
import { statsRecord } from "./stats.ts";
import { jsonValue } from "./values.ts";

/** Plain data; `status` is the exit status of the process, `hasStats`: `--stats` was given. */
export function recordOf(execution: Execution, status: number, hasStats = false): object {
  const { kind, exitCode, problem, results, usage, receipt, network } = execution;
  const isGuests = kind === "trap" || kind === "exhausted";
  return {
    kind,
    code: exitCode ?? status,
    status,
    ...(problem !== undefined && isGuests ? { trap: { code: problem.code, message: problem.message } } : {}),
    ...(problem !== undefined && !isGuests
      ? {
          error: {
            code: problem.code,
            message: problem.message,
            where: problem.where,
            help: problem.help,
            offset: problem.offset,
          },
        }
      : {}),
    ...(problem !== undefined && problem.backtrace.length > 0
      ? { backtrace: problem.backtrace.map(({ func, name, offset }) => ({ func, name: name ?? null, offset })) }
      : {}),
    ...(results === undefined ? {} : { results: results.map(({ type, value }) => jsonValue(value, type)) }),
    usage,
    ...(hasStats ? { generated: statsRecord(execution) } : {}),
    ...(network === undefined ? {} : { network }),
    ...(receipt === undefined ? {} : { receipt: receipt.receipt }),
  };
}
