/** The end of the road for an error no command handled: a message in three parts and an exit status, never our stack. */
import { problemOf, statusOf } from "../outcome.ts";
import { printError } from "../output.ts";
import { presentProblem } from "../present.ts";

export function reportFailure(error: unknown): number {
  const problem = problemOf(error);
  printError(presentProblem(problem));
  if (problem.kind === "internal" && process.env.WASMTS_DEBUG && error instanceof Error) printError(error.stack ?? "");
  return statusOf(problem, process.platform);
}
