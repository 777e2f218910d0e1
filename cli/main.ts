#!/usr/bin/env node
/**
 * The command `wasmts`: finds the command word, reads its options, and turns whatever is thrown into a message and an
 * exit status.
 *
 * Only what a run needs is imported at once: start-up time is part of every run. The rest is `more.ts`.
 */
import { run } from "./commands/run.ts";
import { type CommandName, commands, families } from "./options.ts";
import { type ParsedArgs, parseArgs } from "./parse.ts";

async function main(argv: readonly string[]): Promise<number> {
  const first = argv[0];
  if (first === undefined) return (await import("./more.ts")).noArguments();
  if (first === "-V" || first === "--version") return dispatch("version", parseArgs("version", argv.slice(1)));
  if (first === "wast") return (await import("./more.ts")).wast(argv.slice(1));
  const pair = `${first} ${argv[1]}`;
  if (families.has(first)) {
    if (!isCommand(pair)) return (await import("./more.ts")).family(first, argv.slice(1));
    return dispatch(pair, parseArgs(pair, argv.slice(2)));
  }
  const command = isCommand(first) ? first : "run";
  return dispatch(command, parseArgs(command, isCommand(first) ? argv.slice(1) : argv));
}

const isCommand = (word: string): word is CommandName => Object.hasOwn(commands, word);

async function dispatch(command: CommandName, { flags, operands, help }: ParsedArgs): Promise<number> {
  if (command === "run" && help === undefined) return run(flags, operands);
  const more = await import("./more.ts");
  if (help !== undefined) return more.help(command, help);
  switch (command) {
    case "run":
      return run(flags, operands);
    case "validate":
      return more.validateFiles(flags, operands);
    case "inspect":
      return more.inspect(flags, operands);
    case "resume":
      return (await import("./commands/resume.ts")).resume(flags, operands);
    case "objdump":
      return more.objdump(flags, operands);
    case "snapshot inspect":
      return more.snapshotInspect(flags, operands);
    case "snapshot init":
      return more.snapshotInit(flags, operands);
    case "wast":
      return more.wast(operands);
    case "explain":
      return more.explain(flags, operands);
    case "version":
      return more.version(flags, operands);
    case "help":
      return more.topicHelp(operands);
  }
}

async function fail(error: unknown): Promise<void> {
  process.exitCode = (await import("./more.ts")).reportFailure(error);
}

main(process.argv.slice(2)).then((status) => {
  process.exitCode = status;
}, fail);
