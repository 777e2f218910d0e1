/** `-h`, `--help`, `wasmts help [TOPIC]`: made from the flag table and the topics. */
import { CliError } from "../cli-error.ts";
import { exitStatus } from "../error-codes.ts";
import { topics } from "../help-topics.ts";
import { type CommandName, commands, type FlagDef, type FlagName, families, flags, groups } from "../options.ts";
import { print, printError } from "../output.ts";
import { closest } from "../suggest.ts";
import { columns, type Paint, paintFor, wrap } from "../text.ts";

const examples: readonly (readonly [command: string, what: string])[] = [
  ["wasmts app.wasm one two", "run a WASI program with two arguments"],
  ["wasmts --dir .:/ app.wasm", "it sees this directory as /"],
  ["wasmts --dir data:/data:ro app.wasm", "it may read data, and nothing else"],
  ["wasmts --env HOME=/ --max-memory 64MiB app.wasm", ""],
  ["wasmts --invoke fib fib.wasm 30", "call one export, print its results"],
  ["wasmts inspect app.wasm", "what is in it, what it needs"],
];

/** Column in which the text of an option starts, if the option leaves room. */
const helpColumn = 30;

/** `-h`: usage, examples, the common options. */
export function shortHelp(width = columns(), paint: Paint = paintFor(1)): string {
  const lines = [
    "wasmts runs WebAssembly programs in a sandbox.",
    "",
    paint.strong("Usage"),
    ...commandLines(),
    "",
    paint.strong("Examples"),
    ...examples.map(([command, what]) => (what === "" ? `  ${command}` : `  ${command.padEnd(37)} ${what}`)),
    "",
    `${paint.strong("Common options")} (all: wasmts --help)`,
    ...flagLines((def) => def.isCommon === true, width),
  ];
  return lines.join("\n");
}

/** `--help`: every option of `command`, grouped. */
export function longHelp(command: CommandName, width = columns(), paint: Paint = paintFor(1)): string {
  const name = command === "run" ? "[run]" : command;
  const def = commands[command];
  const own = (f: FlagDef): boolean => f.commands.includes(command);
  const options = Object.values<FlagDef>(flags).some(own) ? " [OPTIONS]" : "";
  const lines = [
    `${paint.strong("Usage")}  wasmts ${name}${options} ${def.operands}`.trimEnd(),
    "",
    wrap(`${def.summary.charAt(0).toUpperCase()}${def.summary.slice(1)}.`, width),
  ];
  if (command === "run") lines.push("", wrap(runNote, width));
  for (const group of groups) {
    const found = flagLines((f) => own(f) && f.group === group && f.notYet === undefined, width);
    if (found.length > 0) lines.push("", paint.strong(group), ...found);
  }
  const later = (Object.keys(flags) as FlagName[]).filter(
    (f) => own(flags[f]) && (flags[f] as FlagDef).notYet !== undefined,
  );
  if (later.length > 0)
    lines.push("", paint.strong("Not there yet"), wrap(later.map((f) => `--${f}`).join(", "), width, "  "));
  if (command === "run") lines.push("", ...otherCommands(width, paint));
  return lines.join("\n");
}

const runNote =
  "Options come before FILE; everything after it is the guest's, except one '--' right after it. A guest can reach nothing that is not given to it: no files, no environment, no network.";

function otherCommands(width: number, paint: Paint): string[] {
  const rest = (Object.keys(commands) as CommandName[]).filter((c) => c !== "run");
  const lines = rest.map((c) =>
    wrap(
      commands[c].summary,
      width,
      `  ${`${c} ${commands[c].operands}`.padEnd(helpColumn - 3)} `,
      " ".repeat(helpColumn),
    ),
  );
  return [
    paint.strong("Other commands"),
    ...lines,
    "",
    wrap(`Topics of 'wasmts help': ${topics.map((t) => t.name).join(", ")}.`, width),
  ];
}

function commandLines(): string[] {
  const names = Object.keys(commands) as CommandName[];
  const usages = names.map(
    (c) => `  wasmts ${c === "run" ? "[run] [OPTIONS] FILE [--] [ARGS...]" : `${c} ${commands[c].operands}`}`,
  );
  const width = Math.max(...usages.map((usage) => usage.length));
  return names.map((c, i) => `${usages[i]!.padEnd(width)}  ${commands[c].brief}`);
}

function flagLines(isShown: (def: FlagDef) => boolean, width: number): string[] {
  const lines: string[] = [];
  for (const name of Object.keys(flags) as FlagName[]) {
    const def: FlagDef = flags[name];
    if (!isShown(def)) continue;
    const value = def.value === undefined ? "" : def.hasOptionalValue ? `[=${def.value}]` : ` ${def.value}`;
    const aliases = (def.aliases ?? []).map((alias) => `--${alias}`);
    const text = aliases.length === 0 ? def.help : `${def.help} (also ${aliases.join(", ")})`;
    lines.push(optionLine(`${def.short === undefined ? "    " : `-${def.short}, `}--${name}${value}`, text, width));
  }
  return lines;
}

function optionLine(spelled: string, text: string, width: number): string {
  const lead = `  ${spelled}`;
  const rest = " ".repeat(helpColumn);
  if (lead.length + 2 > helpColumn) return `${lead}\n${wrap(text, width, rest)}`;
  return wrap(text, width, lead.padEnd(helpColumn), rest);
}

/** `-h` and `--help` among the options of `command`. */
export function help(command: CommandName, kind: "short" | "long"): number {
  print(kind === "short" && command === "run" ? shortHelp() : longHelp(command));
  return 0;
}

/** `wasmts` alone: somebody wants to know what it is. */
export function noArguments(): number {
  printError(shortHelp());
  return exitStatus.usage;
}

/** `wasmts snapshot`, whose second word is none of the commands that begin so. @throws CliError WT6706 */
export function family(first: string, [second]: readonly string[]): number {
  if (second === "-h" || second === "--help") {
    print(familyHelp(first));
    return 0;
  }
  const names = membersOf(first).map((name) => name.slice(first.length + 1));
  const near = second === undefined ? undefined : closest(second, names);
  throw new CliError("WT6706", second === undefined ? `${first} what?` : `no command '${first} ${second}'`, {
    where: `there is: ${membersOf(first)
      .map((name) => `wasmts ${name}`)
      .join(", ")}`,
    help: near === undefined ? `see: wasmts ${first} --help` : `did you mean: wasmts ${first} ${near}?`,
  });
}

const membersOf = (first: string): CommandName[] =>
  (Object.keys(commands) as CommandName[]).filter((name) => name.startsWith(`${first} `));

/** Every command that begins with `first`. */
const familyHelp = (first: string): string =>
  membersOf(first)
    .map((name) => longHelp(name))
    .join("\n\n");

/** `wasmts help [TOPIC]`. @throws CliError WT6508 */
export function topicHelp(operands: readonly string[]): number {
  print(topicText(operands.length === 0 ? undefined : operands.join(" ")));
  return 0;
}

function topicText(topic: string | undefined): string {
  if (topic === undefined) return longHelp("run");
  if (families.has(topic)) return familyHelp(topic);
  if (Object.hasOwn(commands, topic)) return longHelp(topic as CommandName);
  const found = topics.find((t) => t.name === topic);
  if (found !== undefined) return wrapTopic(found.text, columns());
  const names = [...Object.keys(commands), ...topics.map((t) => t.name)];
  const near = closest(topic, names);
  throw new CliError("WT6508", `no help on '${topic}'`, {
    where: `topics: ${names.join(", ")}`,
    help: near === undefined ? "choose one of them" : `did you mean: wasmts help ${near}?`,
  });
}

/** Paragraphs are wrapped; indented lines are tables and stay. */
function wrapTopic(text: string, width: number): string {
  return text
    .split("\n")
    .map((line) => (line.startsWith("  ") ? line : wrap(line, width)))
    .join("\n");
}
