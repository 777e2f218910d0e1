/** `wasmts validate FILE...`: one line for each file, or where and why it is not valid; the worst decides the status. */
import { compile, printable } from "../../engine/index.ts";
import { CliError } from "../cli-error.ts";
import { featureList } from "../feature-list.ts";
import { checkFeatures, type FeatureChoice, readFeatures } from "../features.ts";
import { type Problem, problemOf, statusOf } from "../outcome.ts";
import { print, printError } from "../output.ts";
import type { Flags } from "../parse.ts";
import { presentProblem } from "../present.ts";
import { readModule } from "../read-module.ts";
import { columns } from "../text.ts";

export function validateFiles(flags: Flags, operands: readonly string[]): number {
  if (flags.has("features")) {
    print(featureList(columns()));
    return 0;
  }
  if (operands.length === 0) {
    throw new CliError("WT6506", "no module given", {
      where: "'wasmts validate' needs a file",
      help: "write: wasmts validate FILE...",
    });
  }
  const choice = readFeatures(flags);
  let worst = 0;
  const records: object[] = [];
  for (const file of operands) {
    const problem = check(file, choice);
    if (problem === undefined) {
      if (!flags.has("json")) print(`${printable(file)}: valid`);
      records.push({ file, valid: true });
      continue;
    }
    worst = Math.max(worst, statusOf(problem, process.platform));
    records.push({ file, valid: false, ...problem });
    if (!flags.has("json"))
      printError(presentProblem(problem, { color: flags.get("color"), isQuiet: flags.has("quiet") }));
  }
  if (flags.has("json")) print(JSON.stringify(records));
  return worst;
}

function check(file: string, choice: FeatureChoice): Problem | undefined {
  let bytes: Uint8Array | undefined;
  try {
    bytes = readModule(file);
    checkFeatures(compile(bytes, { features: choice.on }), choice, file);
    return undefined;
  } catch (error) {
    return problemOf(error, printable(file), bytes);
  }
}
