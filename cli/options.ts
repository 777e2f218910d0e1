/**
 * The flag table: every option of every command, once. The parser, `-h`, `--help` and did-you-mean are functions of it.
 *
 * Not for what a flag does: commands read the parsed values. A flag that is known but whose feature has not landed
 * says so in `notYet`, and using it is an error that repeats that text.
 */

export type CommandName =
  | "run"
  | "resume"
  | "snapshot inspect"
  | "validate"
  | "inspect"
  | "objdump"
  | "wast"
  | "snapshot init"
  | "explain"
  | "version"
  | "help";

export interface CommandDef {
  /** What follows the options. */
  readonly operands: string;
  readonly summary: string;
  /** The same for `-h`, where there is little room. */
  readonly brief: string;
  /** Options end at the first operand; the rest belongs to the guest. */
  readonly stopsAtOperand?: true;
}

export const commands = {
  run: {
    operands: "FILE [--] [GUEST ARGS...]",
    summary: "run a WASI program, or call one export",
    brief: "run a program, or one export",
    stopsAtOperand: true,
  },
  resume: {
    operands: "SNAPSHOT",
    summary: "go on with a program that was saved with 'run --snapshot'",
    brief: "go on with a saved program",
  },
  validate: {
    operands: "FILE...",
    summary: "check modules; say where and why one is not valid",
    brief: "check modules",
  },
  inspect: {
    operands: "FILE",
    summary: "imports, exports, sections, sizes, toolchain, WASI needs",
    brief: "what is in a module",
  },
  objdump: {
    operands: "FILE",
    summary: "functions as text: their instructions, or the JavaScript they become",
    brief: "functions as text",
  },
  "snapshot inspect": {
    operands: "SNAPSHOT",
    summary: "what a snapshot is of, and what is in it",
    brief: "what is in a snapshot",
  },
  "snapshot init": {
    operands: "FILE -o OUT",
    summary: "run a module's initialisation now, and write a module that starts with what it made",
    brief: "initialise a module ahead of time",
  },
  wast: {
    operands: "[OPTIONS] [FILE|DIR...]",
    summary: "run spec scripts; in a checkout of wasmts, which has the runner",
    brief: "run spec scripts",
  },
  explain: {
    operands: "CODE",
    summary: "what an error code means, with an example",
    brief: "what an error code means",
  },
  version: { operands: "", summary: "print the version", brief: "print the version" },
  help: { operands: "[TOPIC]", summary: "help on a command or a topic", brief: "help on a command or topic" },
} as const satisfies Record<CommandName, CommandDef>;

/** First words of commands that have two. */
export const families: ReadonlySet<string> = new Set(
  Object.keys(commands).flatMap((name) => (name.includes(" ") ? [name.slice(0, name.indexOf(" "))] : [])),
);

export const groups = [
  "Files",
  "Environment",
  "Network",
  "Entry point",
  "Limits",
  "Snapshots",
  "Linking",
  "Engine",
  "Observation",
  "Output",
] as const;
export type Group = (typeof groups)[number];

export interface FlagDef {
  /** One letter, used with one dash. */
  readonly short?: string;
  readonly aliases?: readonly string[];
  /** Placeholder of the value in help; absent for a switch. */
  readonly value?: string;
  /** The value may be left out; if given it must be attached with `=`. */
  readonly hasOptionalValue?: true;
  readonly isRepeatable?: true;
  /** Shown by `-h`. */
  readonly isCommon?: true;
  readonly group: Group;
  readonly help: string;
  readonly commands: readonly CommandName[];
  /** What is missing; the flag is refused with it. */
  readonly notYet?: string;
}

/** A run from its start. */
const start = ["run"] as const;
const run = ["run", "resume"] as const;
const init = ["snapshot init"] as const;
/** What a guest is given and may use, however it is run. */
const guest = ["run", "resume", "snapshot init"] as const;
/** What is fixed when a guest starts. */
const fresh = ["run", "snapshot init"] as const;

export const flags = {
  dir: {
    short: "v",
    aliases: ["mount", "volume"],
    value: "HOST[:GUEST][:ro]",
    isRepeatable: true,
    isCommon: true,
    group: "Files",
    help: "give the guest a directory; host first. HOST::GUEST works too. ':ro' forbids every change",
    commands: guest,
  },
  tmpfs: {
    value: "GUEST",
    isRepeatable: true,
    group: "Files",
    help: "give the guest an empty directory in memory; it is gone with the guest",
    commands: run,
  },
  overlay: {
    value: "HOST[:GUEST]",
    isRepeatable: true,
    group: "Files",
    help: "give the guest a directory of which it may change its own view only; changes are kept in memory",
    commands: run,
  },
  tar: {
    value: "FILE:GUEST",
    isRepeatable: true,
    group: "Files",
    help: "give the guest the contents of a tar archive, which it cannot change",
    commands: run,
  },
  "fs-level": {
    value: "beneath|nofollow|lexical",
    group: "Files",
    help: "how the guest is kept inside directories: 'beneath' (default on Linux) or refuse; 'wasmts help sandbox'",
    commands: run,
  },
  "host-files": {
    value: "auto|native|portable",
    group: "Files",
    help: "who makes the system's calls for directories: 'auto' (default) is the native part where it was built",
    commands: run,
  },
  "max-fs-memory": {
    value: "SIZE",
    group: "Limits",
    help: "bytes of files that each --tmpfs and --overlay may hold (default 64MiB); writing more fails",
    commands: run,
  },
  env: {
    short: "e",
    value: "NAME[=VALUE]",
    isRepeatable: true,
    isCommon: true,
    group: "Environment",
    help: "set an environment variable; without '=' pass on the host's",
    commands: fresh,
  },
  "env-file": {
    aliases: ["env-from"],
    value: "FILE",
    isRepeatable: true,
    group: "Environment",
    help: "read NAME=VALUE lines from FILE",
    commands: fresh,
  },
  "inherit-env": {
    group: "Environment",
    help: "pass on the whole environment (nothing is by default)",
    commands: fresh,
  },
  deterministic: {
    value: "SEED",
    hasOptionalValue: true,
    group: "Environment",
    help: "make the run repeatable: virtual time, random numbers from SEED (default 0), files without traces of the disk",
    commands: guest,
  },
  argv0: {
    value: "NAME",
    group: "Environment",
    help: "the program's own name; default: the base name of FILE",
    commands: fresh,
  },
  invoke: {
    value: "NAME",
    isCommon: true,
    group: "Entry point",
    help: "call this export instead of the program's start; what follows FILE are its arguments, read by their types",
    commands: start,
  },
  "init-func": {
    short: "f",
    value: "NAME",
    group: "Entry point",
    help: "the export to call, without parameters and results; default: wizer.initialize",
    commands: init,
  },
  "rename-func": {
    short: "r",
    value: "NEW=OLD",
    isRepeatable: true,
    group: "Entry point",
    help: "export the function OLD as NEW instead, in place of a function NEW: -r _start=main",
    commands: init,
  },
  "keep-init-func": {
    group: "Entry point",
    help: "go on exporting the function that was called, and _initialize",
    commands: init,
  },
  "allow-wasi": {
    group: "Environment",
    help: "let the initialisation call WASI; without it, no import may be called",
    commands: init,
  },
  "max-memory": {
    value: "SIZE",
    isCommon: true,
    group: "Limits",
    help: "bytes of linear memory the guest may have, such as 64MiB; growing beyond fails",
    commands: guest,
  },
  "max-table": { value: "N", group: "Limits", help: "elements of tables the guest may have", commands: guest },
  "max-stack-depth": { value: "N", group: "Limits", help: "calls that may be active at once", commands: guest },
  "max-threads": {
    value: "N",
    group: "Limits",
    help: "threads the guest may have at once, the first included; 64 if it is not given",
    commands: ["run"],
  },
  "max-output": {
    value: "SIZE",
    group: "Limits",
    help: "bytes the guest may write to stdout and stderr together; writing more fails",
    commands: guest,
  },
  timeout: {
    value: "TIME",
    group: "Limits",
    isCommon: true,
    help: "end the guest after 300ms, 2s, 1m, waiting included",
    commands: guest,
  },
  fuel: {
    value: "N",
    group: "Limits",
    isCommon: true,
    help: "end the guest after N instructions; the count is the same in every run",
    commands: guest,
  },
  "cpu-share": {
    value: "PERCENT",
    group: "Limits",
    help: "slow the guest down to this share of one processor, such as 25%",
    commands: run,
  },
  quota: {
    value: "NAME=N/s,...",
    isRepeatable: true,
    group: "Limits",
    help: "slow the guest down to so many calls and bytes: file-ops=100/s,file-bytes=10MiB/s; see 'wasmts help quotas'",
    commands: run,
  },
  snapshot: {
    value: "FILE",
    group: "Snapshots",
    help: "save the guest to FILE when it is time, and end; see 'wasmts help snapshots'",
    commands: run,
  },
  "snapshot-at": {
    value: "fuel:N|time:T|signal:S",
    group: "Snapshots",
    help: "when: after N instructions, after a time, or on a signal (default signal:USR1)",
    commands: run,
  },
  "snapshot-continue": { group: "Snapshots", help: "go on after saving; each signal saves again", commands: run },
  "allow-changed-files": {
    group: "Snapshots",
    help: "go on though files that the guest had open have changed since",
    commands: ["resume"],
  },
  module: {
    value: "FILE",
    group: "Snapshots",
    help: "the module the snapshot is of; default: where it was",
    commands: ["resume"],
  },
  preload: {
    value: "NAME=FILE",
    isRepeatable: true,
    group: "Linking",
    help: "instantiate FILE first; its exports satisfy imports from NAME",
    commands: start,
  },
  "unknown-imports": {
    value: "error|trap|default",
    group: "Linking",
    help: "imports nobody provides: refuse (default), trap when called, or return zeros",
    commands: run,
  },
  tier: {
    value: "auto|js|interp",
    group: "Engine",
    help: "how the guest is executed: small modules as JavaScript, of large ones what is hot, and the rest interpreted (auto, default); all it can as JavaScript (js); interpreted (interp)",
    commands: run,
  },
  i64: {
    value: "words|bigint",
    group: "Engine",
    help: "what 64-bit integers are in generated JavaScript: two words (default), or a BigInt, which is faster on Node.js 26 and not safe on every other (see RATIONALE.md)",
    commands: run,
  },
  "no-opt": {
    value: "NAME",
    isRepeatable: true,
    group: "Engine",
    help: "leave out one optimisation of generated JavaScript: width, target, views, split",
    commands: [...run, "objdump"],
  },
  "code-cache": {
    value: "DIR",
    group: "Engine",
    help: "keep compiled code in DIR for later runs, which then start faster: a directory of yours alone, made if it is missing, that no guest may write to. Threads of a guest do without. See 'wasmts help code-cache'",
    commands: run,
  },
  "no-eval": { group: "Engine", help: "generate no JavaScript, whatever the tier", commands: run },
  wasm: {
    short: "W",
    value: "NAME,-NAME",
    isRepeatable: true,
    group: "Engine",
    help: "switch proposals on or off: -W threads,-simd; -W all. See --features list",
    commands: ["run", "resume", "validate", "snapshot init"],
  },
  "wasm-1": {
    group: "Engine",
    help: "allow WebAssembly 1.0 only",
    commands: ["run", "resume", "validate", "snapshot init"],
  },
  "wasm-2": { group: "Engine", help: "allow what 2.0 has", commands: ["run", "resume", "validate", "snapshot init"] },
  "wasm-3": { group: "Engine", help: "allow what 3.0 has", commands: ["run", "resume", "validate", "snapshot init"] },
  features: {
    value: "list",
    group: "Engine",
    help: "print the proposals and which are there",
    commands: ["run", "validate"],
  },
  policy: {
    value: "FILE",
    group: "Files",
    help: "let the guest have no more than FILE allows: calls, mounts, paths, variables, clocks; 'wasmts help policy'",
    commands: run,
  },
  audit: {
    value: "FILE",
    group: "Observation",
    help: "write every grant and denial to FILE, one line of JSON each",
    commands: run,
  },
  learn: {
    value: "FILE",
    group: "Observation",
    help: "write the smallest policy that this run needed to FILE",
    commands: run,
  },
  "trace-wasi": {
    value: "SCOPES",
    hasOptionalValue: true,
    isCommon: true,
    group: "Observation",
    help: "log every WASI call with its result to stderr; SCOPES such as fs,clock limit it",
    commands: guest,
  },
  stats: {
    group: "Observation",
    help: "say on stderr what was compiled, what was not and why, and how long everything took",
    commands: run,
  },
  "allow-escapes": {
    group: "Output",
    help: "let the guest's output act on the terminal (colours, cursor); otherwise escape sequences are made visible there",
    commands: guest,
  },
  raw: {
    group: "Environment",
    help: "keys reach the guest as they are typed, unechoed, Ctrl-C too; COLUMNS and LINES tell it the size of the terminal",
    commands: run,
  },
  coredump: {
    value: "FILE",
    group: "Observation",
    help: "write a core dump on a trap",
    commands: run,
    notYet: "core dumps are not there yet",
  },
  profile: {
    value: "FILE",
    group: "Observation",
    help: "write where the time went to FILE, a .cpuprofile with the names of guest functions (--tier js or auto)",
    commands: run,
  },
  tcplisten: {
    value: "ADDR",
    isRepeatable: true,
    group: "Network",
    help: "give the guest a socket that listens at HOST:PORT, as descriptor 3, 4, ...; fd:N is one that this process was started with, systemd all that systemd hands over",
    commands: start,
  },
  net: {
    value: "none|inherit|RULES",
    group: "Network",
    help: "what the guest may do: nothing, all that this process may, or listen=ADDR,connect=ADDR,resolve=NAME; without it: listen, and connect to this machine",
    commands: start,
  },
  "net-backend": {
    value: "loop|thread",
    group: "Network",
    help: "where the guest's sockets are: on this thread's event loop (default), or on a thread of their own",
    commands: start,
  },
  "allow-listen": {
    value: "ADDR",
    isRepeatable: true,
    group: "Network",
    help: "where the guest may listen besides: HOST:PORT, '*' for any",
    commands: start,
  },
  "allow-connect": {
    value: "ADDR",
    isRepeatable: true,
    group: "Network",
    help: "where the guest may connect to besides: HOST:PORT, '*' for any",
    commands: start,
  },
  "allow-resolve": {
    value: "NAME",
    isRepeatable: true,
    group: "Network",
    help: "names the guest may look up besides; '*.example.com' is all below it",
    commands: start,
  },
  "unix-listen": {
    value: "HOST[:GUEST]",
    isRepeatable: true,
    group: "Network",
    help: "a path where the guest may listen by a socket of AF_UNIX; GUEST is its name for it",
    commands: start,
  },
  "unix-connect": {
    value: "HOST[:GUEST]",
    isRepeatable: true,
    group: "Network",
    help: "a path where the guest may connect to a socket of AF_UNIX",
    commands: start,
  },
  output: {
    short: "o",
    value: "FILE",
    group: "Output",
    help: "the module to write; it is there whole or not at all",
    commands: init,
  },
  report: {
    value: "FILE",
    group: "Output",
    help: "write the outcome to FILE as JSON, whatever happens",
    commands: run,
  },
  receipt: {
    value: "FILE|-",
    group: "Output",
    help: "write one hash over all host calls and the final state; with --deterministic the same in every run",
    commands: run,
  },
  json: {
    isCommon: true,
    group: "Output",
    help: "print for programs: one line of JSON, the last on stdout",
    commands: ["run", "resume", "validate", "inspect", "snapshot inspect", "version", "explain"],
  },
  quiet: {
    short: "q",
    group: "Output",
    help: "no hints, only what went wrong",
    commands: ["run", "resume", "validate", "snapshot init"],
  },
  func: {
    value: "NAME|IDX",
    group: "Output",
    help: "only this function",
    commands: ["objdump"],
  },
  js: {
    group: "Output",
    help: "the JavaScript that is generated, below the instructions it is from",
    commands: ["objdump"],
  },
  metered: {
    group: "Output",
    help: "the JavaScript of guests with limits, which counts fuel and can stop",
    commands: ["objdump"],
  },
  color: {
    value: "auto|always|never",
    group: "Output",
    help: "colour of our own messages; NO_COLOR and FORCE_COLOR count in auto",
    commands: ["run", "validate", "inspect", "objdump", "snapshot init", "explain", "help"],
  },
} as const satisfies Record<string, FlagDef>;

export type FlagName = keyof typeof flags;

/** What people coming from other engines type, and what they get here. */
export const foreignFlags: Readonly<Record<string, string>> = {
  "--mapdir": "here it is --dir HOST:GUEST, host first",
  "--map-dir": "here it is --dir HOST:GUEST, host first",
  "--function": "here it is --invoke NAME",
  "-f": "here it is --invoke NAME",
  "--func": "here it is --invoke NAME",
  "--reactor": "here it is --invoke NAME",
  "--forward-host-env": "here it is --inherit-env",
  "--env-inherit": "here it is --inherit-env",
  "--gas-limit": "here it is --fuel N",
  "--time-limit": "here it is --timeout TIME",
  "--memory-page-limit": "here it is --max-memory SIZE, in bytes: one page is 64KiB",
  "--stack-size": "here it is --max-stack-depth N, in calls",
  "--interpreter": "here it is --tier interp",
  "--interp": "here it is --tier interp",
  "--hostlogging": "here it is --trace-wasi",
  "--strace": "here it is --trace-wasi",
  "--module": "here it is --preload NAME=FILE",
  "--cwd": "a guest has no working directory of its own; mount the one it expects: --dir HOST:/",
  "-S": "WASI is always on here; see --help for its options",
  "-O": "there are no optimisation levels here; see --help",
  "-C": "there are no code generation options here; see --help",
  "-D": "see --help, Observation",
};
