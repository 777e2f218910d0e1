/** `--policy`, `--audit`, `--learn`: the files of a policy, and what is written about it. */
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { type Audit, type AuditEvent, Learner, type Policy, parsePolicy, WasiError } from "../wasi/index.ts";
import { CliError } from "./cli-error.ts";

/** A policy is a page, not a book. */
const maxPolicyBytes = 1 << 20;

/** @throws CliError WT6532 */
export function readPolicy(file: string): Policy {
  try {
    const text = readFileSync(file, "utf8");
    if (text.length > maxPolicyBytes) throw new Error("it is larger than 1 MiB");
    return parsePolicy(JSON.parse(text));
  } catch (error) {
    const isContent = error instanceof WasiError || error instanceof SyntaxError;
    throw new CliError("WT6532", `cannot ${isContent ? "use" : "read"} the policy ${file}`, {
      where: (error as Error).message,
      help: "docs/policy.schema.json describes policies; --learn FILE writes one",
    });
  }
}

/** What follows the decisions about a guest, and writes files at its end. */
export interface PolicyWatch {
  readonly audit: Audit | undefined;
  /** Writes what was learnt, closes the log. */
  finish(): void;
}

/** @throws CliError WT6533 */
export function watchPolicy(auditFile: string | undefined, learnFile: string | undefined): PolicyWatch {
  const log = auditFile === undefined ? undefined : openFor(auditFile);
  // Opened before the guest runs, so that a path that cannot be written is told in time.
  const policy = learnFile === undefined ? undefined : openFor(learnFile);
  const learner = policy === undefined ? undefined : new Learner();
  const audit = (event: AuditEvent): void => {
    // The whole line or an error: a write that a full disk cuts is no error by itself.
    if (log !== undefined) writeFileSync(log, `${JSON.stringify({ time: new Date().toISOString(), ...event })}\n`);
    learner?.take(event);
  };
  return {
    audit: log === undefined && learner === undefined ? undefined : audit,
    finish(): void {
      if (log !== undefined) closeSync(log);
      if (policy === undefined) return;
      writeFileSync(policy, `${JSON.stringify(learner?.policy(), undefined, 2)}\n`);
      closeSync(policy);
    },
  };
}

function openFor(file: string): number {
  try {
    return openSync(file, "w");
  } catch (error) {
    throw new CliError("WT6533", `cannot write ${file}`, {
      where: (error as Error).message,
      help: "choose a path that can be written",
    });
  }
}
