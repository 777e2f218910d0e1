/**
 * Command line words to flags and operands, by the flag table. Knows nothing of what flags mean.
 *
 * For `run`, options end at the module: everything after it is the guest's, word for word, except one `--` right
 * after it. For the other commands options may stand anywhere.
 */
import { CliError } from "./cli-error.ts";
import {
  type CommandDef,
  type CommandName,
  commands,
  type FlagDef,
  type FlagName,
  flags,
  foreignFlags,
} from "./options.ts";
import { closest } from "./suggest.ts";

/** The flags that were given; names are checked by the compiler. */
export class Flags {
  private readonly values = new Map<FlagName, string[]>();

  has(name: FlagName): boolean {
    return this.values.has(name);
  }
  /** The last value; "" for a switch or a value left out; undefined if the flag was not given. */
  get(name: FlagName): string | undefined {
    return this.values.get(name)?.at(-1);
  }
  /** The value as `parse` reads it, which is told the spelling of the flag for its errors. */
  read<T>(name: FlagName, parse: (flag: string, text: string) => T): T | undefined {
    const text = this.get(name);
    return text === undefined ? undefined : parse(`--${name}`, text);
  }
  all(name: FlagName): readonly string[] {
    return this.values.get(name) ?? [];
  }
  /** @throws CliError WT6504 when a flag that takes one value is given a second one */
  add(name: FlagName, value: string): void {
    const def: FlagDef = flags[name];
    const earlier = this.values.get(name);
    if (earlier === undefined) this.values.set(name, [value]);
    else if (def.isRepeatable) earlier.push(value);
    else if (def.value !== undefined && earlier[0] !== value) {
      throw new CliError("WT6504", `--${name} is given twice`, {
        where: `first as '${earlier[0]}', then as '${value}'`,
        help: "keep one of them",
      });
    }
  }
}

export interface ParsedArgs {
  readonly flags: Flags;
  /** `-h` or `--help` among the options; what follows was not read. */
  readonly help: "short" | "long" | undefined;
  /** For `run`: the module and the guest's arguments. */
  readonly operands: readonly string[];
}

/**
 * Parses what follows the command word.
 *
 * @throws CliError usage errors WT6500..WT6507
 */
export function parseArgs(command: CommandName, argv: readonly string[]): ParsedArgs {
  const parsed = new Flags();
  const operands: string[] = [];
  const def: CommandDef = commands[command];
  let i = 0;
  while (i < argv.length) {
    const word = argv[i]!;
    if (word === "--") {
      operands.push(...argv.slice(i + 1));
      break;
    }
    if (word === "-h" || word === "--help") return { flags: parsed, operands, help: word === "-h" ? "short" : "long" };
    if (word.length > 1 && word.startsWith("-")) {
      i += takeFlag(command, word, argv[i + 1], parsed);
      continue;
    }
    operands.push(word);
    i++;
    if (def.stopsAtOperand) {
      operands.push(...argv.slice(argv[i] === "--" ? i + 1 : i));
      break;
    }
  }
  return { flags: parsed, operands, help: undefined };
}

/** Records the flag `word`; returns how many words it took. */
function takeFlag(command: CommandName, word: string, next: string | undefined, parsed: Flags): number {
  const isLong = word.startsWith("--");
  const equals = isLong ? word.indexOf("=") : -1;
  const spelled = isLong ? (equals < 0 ? word : word.slice(0, equals)) : word.slice(0, 2);
  const attached = isLong ? (equals < 0 ? undefined : word.slice(equals + 1)) : word.slice(2) || undefined;
  const name = nameOf(spelled);
  const def: FlagDef | undefined = name && flags[name];
  if (name === undefined || def === undefined || !def.commands.includes(command))
    throw unknownFlag(command, spelled, word, name);
  if (def.notYet !== undefined) {
    throw new CliError("WT6505", `${spelled} is not available in this version`, {
      where: def.notYet,
      help: `leave ${spelled} out`,
    });
  }
  if (def.value === undefined) {
    if (attached !== undefined) throw switchWithValue(spelled, attached, isLong);
    parsed.add(name, "");
    return 1;
  }
  if (attached !== undefined || def.hasOptionalValue) {
    parsed.add(name, attached ?? "");
    return 1;
  }
  if (next === undefined || isFlagOf(command, next)) throw valueMissing(spelled, def, next);
  parsed.add(name, next);
  return 2;
}

const byShort = new Map<string, FlagName>();
const byAlias = new Map<string, FlagName>();
for (const name of Object.keys(flags) as FlagName[]) {
  const def: FlagDef = flags[name];
  if (def.short !== undefined) byShort.set(def.short, name);
  for (const alias of def.aliases ?? []) byAlias.set(alias, name);
}

function nameOf(spelled: string): FlagName | undefined {
  if (!spelled.startsWith("--")) return byShort.get(spelled.slice(1));
  const long = spelled.slice(2);
  return Object.hasOwn(flags, long) ? (long as FlagName) : byAlias.get(long);
}

/** True for a word that can only be a flag of `command`, so that it is no value of the flag before it. */
function isFlagOf(command: CommandName, word: string): boolean {
  if (!word.startsWith("--")) return false;
  const name = nameOf(word.split("=", 1)[0]!);
  return name !== undefined && (flags[name].commands as readonly CommandName[]).includes(command);
}

function unknownFlag(command: CommandName, spelled: string, word: string, name: FlagName | undefined): CliError {
  const what = `unknown option ${spelled} for 'wasmts ${command}'`;
  const where = "options of wasmts come before the module, those of the guest after it";
  const foreign = foreignFlags[spelled];
  if (foreign !== undefined) return new CliError("WT6500", what, { where, help: foreign });
  if (name !== undefined) {
    const owners = flags[name].commands.map((c) => `wasmts ${c}`).join(", ");
    return new CliError("WT6500", what, { where: `it belongs to: ${owners}`, help: `see: wasmts ${command} --help` });
  }
  const goStyle = /^-([a-z][a-z-]+)/.exec(word)?.[1];
  const single = goStyle === undefined ? undefined : nameOf(`--${goStyle}`);
  if (single !== undefined)
    return new CliError("WT6500", what, { where: "long options have two dashes", help: `write --${goStyle}` });
  const known = (Object.keys(flags) as FlagName[]).filter((f) =>
    (flags[f].commands as readonly CommandName[]).includes(command),
  );
  const near = spelled.startsWith("--") ? closest(spelled.slice(2), known) : undefined;
  const help = near === undefined ? `see: wasmts ${command} --help` : `did you mean --${near}?`;
  return new CliError("WT6500", what, { where, help });
}

function switchWithValue(spelled: string, attached: string, isLong: boolean): CliError {
  const help = isLong ? `write ${spelled} alone` : `write ${spelled} -${attached}`;
  return new CliError("WT6502", `${spelled} takes no value`, { where: `'${attached}' is attached to it`, help });
}

function valueMissing(spelled: string, def: FlagDef, next: string | undefined): CliError {
  return new CliError("WT6501", `${spelled} needs a value`, {
    where: next === undefined ? "nothing follows it" : `the option ${next} follows it`,
    help: `write ${spelled} ${def.value}`,
  });
}
