/**
 * What the command line's own error codes mean (WT6500..WT6999): texts for `wasmts explain`, and exit statuses.
 *
 * Those of the engine and of WASI are in their rooms; `explain` shows all three tables.
 */

/** Exit statuses; see `wasmts help exit-codes`. */
export const exitStatus = {
  ok: 0,
  usage: 2,
  timeout: 124,
  internal: 125,
  notRunnable: 126,
  notFound: 127,
  trap: 134,
  /** There is no SIGABRT on Windows; abort() ends with 3. */
  trapWindows: 3,
  interrupted: 130,
  terminated: 143,
  limit: 137,
} as const;

export interface CliCodeDef {
  readonly title: string;
  readonly explanation: string;
  /** A command line that causes it. */
  readonly example: string;
  readonly fix: string;
  readonly exit: keyof typeof exitStatus;
}

export const cliCodes = {
  WT6500: {
    title: "unknown option",
    explanation: "A word before the module starts with a dash and is no option of this command.",
    example: "wasmts --dri . app.wasm",
    fix: "Look it up with 'wasmts run --help'. Options meant for the guest go after the module.",
    exit: "usage",
  },
  WT6501: {
    title: "an option without its value",
    explanation: "The option needs a value, and the command line ends or goes on with another option.",
    example: "wasmts --dir --env A=1 app.wasm",
    fix: "Write the value after the option, or attach it: --dir=.",
    exit: "usage",
  },
  WT6502: {
    title: "a value for an option that takes none",
    explanation: "The option is a switch: it is there or not.",
    example: "wasmts --inherit-env=yes app.wasm",
    fix: "Leave the value out.",
    exit: "usage",
  },
  WT6503: {
    title: "bad value for an option",
    explanation: "The value cannot be read as what the option takes: a size, a count, one of a few words.",
    example: "wasmts --max-memory lots app.wasm",
    fix: "Sizes are bytes, or have a unit: 64KiB, 16MiB, 1GiB (1024s), or kB, MB, GB (1000s).",
    exit: "usage",
  },
  WT6504: {
    title: "option given twice",
    explanation: "The option takes one value and was given two that differ.",
    example: "wasmts --argv0 a --argv0 b app.wasm",
    fix: "Keep one. Only mounts, --env, --env-file, --preload, --rename-func and -W may be repeated.",
    exit: "usage",
  },
  WT6505: {
    title: "option that is not available in this version",
    explanation: "The option is part of the design, and what it needs is not there yet.",
    example: "wasmts --coredump core app.wasm",
    fix: "Leave it out; nothing is done halfway in its place.",
    exit: "usage",
  },
  WT6506: {
    title: "no module given",
    explanation: "The command needs a file, and the command line has none.",
    example: "wasmts run --dir .",
    fix: "Put the path of a .wasm file after the options.",
    exit: "usage",
  },
  WT6507: {
    title: "unexpected word",
    explanation: "The command takes fewer words than were given.",
    example: "wasmts version now",
    fix: "See 'wasmts help' for what each command takes.",
    exit: "usage",
  },
  WT6508: {
    title: "unknown topic or code",
    explanation: "There is no such help topic, or no error has this code.",
    example: "wasmts explain WT0000",
    fix: "'wasmts help' lists the topics, 'wasmts explain' the codes.",
    exit: "usage",
  },
  WT6509: {
    title: "the runner of spec scripts is not there",
    explanation:
      "wasmts wast needs the conformance runner and its assemblers of module text, which the installed package does not carry.",
    example: "wasmts wast i32.wast",
    fix: "Run it in a checkout of wasmts, after npm ci && npm run build.",
    exit: "usage",
  },
  WT6510: {
    title: "file not found",
    explanation: "No file has this path. It is looked up from the current directory; there is no search path.",
    example: "wasmts ap.wasm",
    fix: "Check the spelling and the directory.",
    exit: "notFound",
  },
  WT6511: {
    title: "a directory instead of a module",
    explanation: "The path names a directory.",
    example: "wasmts ./target",
    fix: "Name the .wasm file in it. If you meant to mount it, write --dir before it.",
    exit: "notRunnable",
  },
  WT6512: {
    title: "file that cannot be read",
    explanation: "The file exists, and the system refuses to read it, or it is a device.",
    example: "wasmts /srv/private/app.wasm",
    fix: "Check its permissions. A device is no module either.",
    exit: "notRunnable",
  },
  WT6513: {
    title: "file too large to be a module",
    explanation: "Modules of more than 1 GiB are refused; so is what never ends, such as a device.",
    example: "wasmts /dev/zero",
    fix: "Check that the path is the one you meant.",
    exit: "notRunnable",
  },
  WT6520: {
    title: "directory to mount not found",
    explanation: "The host side of --dir does not exist.",
    example: "wasmts --dir ./dta:/data app.wasm",
    fix: "Create it or correct the path. The host side is the first one.",
    exit: "usage",
  },
  WT6521: {
    title: "mount that looks reversed",
    explanation:
      "The host side of --dir does not exist, and the guest side does, on the host. WasmEdge and iwasm write the guest first; wasmts, Docker, wazero and wasmtime write the host first.",
    example: "wasmts --dir /data:/home/me/data app.wasm",
    fix: "Swap the two: --dir /home/me/data:/data",
    exit: "usage",
  },
  WT6522: {
    title: "mount that is no directory",
    explanation: "Only directories can be given to a guest, and the host side of --dir is something else.",
    example: "wasmts --dir ./notes.txt app.wasm",
    fix: "Mount the directory the file is in.",
    exit: "usage",
  },
  WT6523: {
    title: "two mounts at one guest path",
    explanation: "Two mounts have the same guest path; the guest could not tell them apart.",
    example: "wasmts --dir a:/data --dir b:/data app.wasm",
    fix: "Give each its own guest path.",
    exit: "usage",
  },
  WT6524: {
    title: "mount that cannot be read",
    explanation: "The text after --dir, --overlay, --tar or --tmpfs has an empty side, or a NUL character.",
    example: "wasmts --dir :/data app.wasm",
    fix: "Write --dir HOST, --dir HOST:GUEST or --dir HOST:GUEST:ro.",
    exit: "usage",
  },
  WT6525: {
    title: "archive that cannot be read or used",
    explanation:
      "The file before the colon of --tar is missing, unreadable, larger than 2 GiB, or no tar archive that can be mounted (see WT6009).",
    example: "wasmts --tar image.tar.gz:/ app.wasm",
    fix: "Check the path; decompress it; make it anew with tar -cf.",
    exit: "usage",
  },
  WT6526: {
    title: "code cache that the guest can write to",
    explanation:
      "Code in the directory of --code-cache is run with all that wasmts may do. So it must be out of the guest's reach: not inside of a directory that --dir gives it to write to, not around one, and no link on the way to it in one. With --fs-level lexical, a guest that may write at all may write everywhere.",
    example: "wasmts --dir . --code-cache ./cache app.wasm",
    fix: "Choose a directory elsewhere, such as ~/.cache/wasmts, or mount with :ro. What guests could write to before is no place for code either.",
    exit: "usage",
  },
  WT6530: {
    title: "bad environment variable",
    explanation: "A name is empty, or the text has a NUL character.",
    example: "wasmts --env =1 app.wasm",
    fix: "Write --env NAME=VALUE, or --env NAME to pass on the host's.",
    exit: "usage",
  },
  WT6531: {
    title: "environment file that cannot be read",
    explanation:
      "The file given with --env-file is missing, unreadable, or has a line that is neither NAME=VALUE, a comment nor empty.",
    example: "wasmts --env-file .evn app.wasm",
    fix: "One NAME=VALUE per line; '#' starts a comment line; quotes around a whole value are taken off.",
    exit: "usage",
  },
  WT6532: {
    title: "policy that cannot be read or used",
    explanation: "The file after --policy is missing, is no JSON, or is no policy (see WT6016).",
    example: "wasmts --policy polciy.json app.wasm",
    fix: "Check the path; docs/policy.schema.json describes policies, and --learn FILE writes one.",
    exit: "usage",
  },
  WT6533: {
    title: "audit or learnt policy that cannot be written",
    explanation: "The file after --audit or --learn cannot be created. The guest was not run.",
    example: "wasmts --audit /none/audit.jsonl app.wasm",
    fix: "Choose a path that can be written.",
    exit: "usage",
  },
  WT6534: {
    title: "socket that cannot be had",
    explanation:
      "--tcplisten asks for a socket that listens at an address, and the system does not give it; or for one that this process was started with (fd:N), and it is none, or no TCP socket that listens or is connected.",
    example: "wasmts --tcplisten 127.0.0.1:1 server.wasm",
    fix: "Choose an address of this machine and a port that nobody else listens at; ports below 1024 need privileges.",
    exit: "usage",
  },
  WT6535: {
    title: "sockets that were not handed over",
    explanation:
      "--tcplisten systemd takes the sockets that systemd hands over to the process it starts. It tells so by the environment: LISTEN_PID is the process, LISTEN_FDS how many there are, from descriptor 3.",
    example: "wasmts --tcplisten systemd server.wasm   # from a shell",
    fix: "Start wasmts itself as the service of a socket unit; a shell around it needs exec. To name descriptors, use --tcplisten fd:N.",
    exit: "usage",
  },
  WT6540: {
    title: "no such export",
    explanation: "The module exports nothing of the name given with --invoke.",
    example: "wasmts --invoke fbi fib.wasm 30",
    fix: "The message lists the functions there are; 'wasmts inspect' lists every export.",
    exit: "usage",
  },
  WT6541: {
    title: "export that is no function",
    explanation: "Only functions can be called with --invoke.",
    example: "wasmts --invoke memory app.wasm",
    fix: "Choose one of the functions the message lists.",
    exit: "usage",
  },
  WT6542: {
    title: "wrong number of arguments",
    explanation:
      "The function called with --invoke takes more or fewer parameters than there are words after the module.",
    example: "wasmts --invoke add add.wasm 1",
    fix: "Give one word for each parameter of the signature.",
    exit: "usage",
  },
  WT6543: {
    title: "argument that does not fit its type",
    explanation: "A word after the module cannot be read as the type of its parameter.",
    example: "wasmts --invoke add add.wasm 1 4294967296",
    fix: "i32 and i64: decimal or 0x, signed or unsigned, in range. v128: 0x and up to 32 digits. f32 and f64: also 1e3, inf, -inf, nan. References: null.",
    exit: "usage",
  },
  WT6544: {
    title: "type that cannot be written on a command line",
    explanation: "A parameter is a reference that cannot be null.",
    example: "wasmts --invoke length lists.wasm null",
    fix: 'Call it from JavaScript instead: import { Engine } from "wasmts".',
    exit: "usage",
  },
  WT6545: {
    title: "no such function",
    explanation: "The module has no function with a body of the name or index given with --func.",
    example: "wasmts objdump --func mian app.wasm",
    fix: "Leave --func out to see all functions, with their names and indices.",
    exit: "usage",
  },
  WT6550: {
    title: "nothing to run",
    explanation:
      "The module exports no _start, so it is no program but a library (or reactor) whose exports others call.",
    example: "wasmts library.wasm",
    fix: "Call one export with --invoke NAME, or build the module as a command.",
    exit: "notRunnable",
  },
  WT6560: {
    title: "unknown import",
    explanation:
      "The module asks for something nobody provides. wasmts provides WASI preview 1 and what --preload adds; modules built for a browser, for Emscripten's or Go's JavaScript, or for another engine's extensions ask for more.",
    example: "wasmts app.wasm",
    fix: "Rebuild for WASI (wasm32-wasip1), preload a module that provides it, or try --unknown-imports trap if it is never called.",
    exit: "notRunnable",
  },
  WT6561: {
    title: "preload that cannot be used",
    explanation: "--preload is not NAME=FILE, or two of them have one name.",
    example: "wasmts --preload math.wasm app.wasm",
    fix: "Write --preload NAME=FILE, NAME being the module name in the import.",
    exit: "usage",
  },
  WT6562: {
    title: "proposal turned off",
    explanation: "The module uses a proposal that -W, --wasm-1 or --wasm-2 turned off.",
    example: "wasmts --wasm-1 app.wasm",
    fix: "Allow it, or rebuild the module without it.",
    exit: "notRunnable",
  },
  WT6563: {
    title: "unknown proposal",
    explanation: "-W names something that is no WebAssembly proposal known here.",
    example: "wasmts -W smid app.wasm",
    fix: "'wasmts --features list' prints the names.",
    exit: "usage",
  },
  WT6564: {
    title: "proposal that is not there yet",
    explanation: "-W asks for a proposal this version does not have.",
    example: "wasmts -W stack-switching app.wasm",
    fix: "'wasmts --features list' tells which are there. Many compilers can be told not to use the others.",
    exit: "usage",
  },
  WT6565: {
    title: "unknown import called",
    explanation:
      "With --unknown-imports trap a module may run without some of its imports. The guest called one of them and was ended.",
    example: "wasmts --unknown-imports trap app.wasm",
    fix: "Provide it with --preload, or build the module without what needs it.",
    exit: "trap",
  },
  WT6566: {
    title: "a module with threads that are not those of wasi-threads",
    explanation:
      "A module that imports thread-spawn from wasi gets an instance for each of its threads. It must import one shared memory, which all of them have, and export wasi_thread_start, which a new thread calls.",
    example: "wasmts -W threads app.wasm   # linked without --import-memory",
    fix: "Build for wasm32-wasip1-threads with a C library for threads; link with --import-memory --export-memory --shared-memory.",
    exit: "notRunnable",
  },
  WT6567: {
    title: "something that guests with threads cannot have",
    explanation:
      "Threads run at the same time: what happens first is chance, so there are no deterministic runs, receipts and snapshots of them. Each has an instance in a worker thread, to which functions of an embedder and other modules cannot be given.",
    example: "wasmts -W threads --deterministic app.wasm",
    fix: "Leave the option out, or build the guest without threads.",
    exit: "usage",
  },
  WT6570: {
    title: "report that cannot be written",
    explanation: "The file given with --report cannot be created. It is opened before the guest runs.",
    example: "wasmts --report /no/such/dir/r.json app.wasm",
    fix: "Choose a path that can be written.",
    exit: "usage",
  },
  WT6571: {
    title: "snapshot options that do not go together",
    explanation: "--snapshot-at and --snapshot-continue say when and how to save; --snapshot says where.",
    example: "wasmts --snapshot-at time:2s app.wasm",
    fix: "Add --snapshot FILE.",
    exit: "usage",
  },
  WT6572: {
    title: "snapshot that this command did not write",
    explanation: "A snapshot of 'wasmts run' also says where its modules were. This one was taken by another program.",
    example: "wasmts resume of what Instance.snapshot gave",
    fix: "Restore it with Engine.restore, as the program that wrote it would.",
    exit: "notRunnable",
  },
  WT6573: {
    title: "snapshot of a guest at rest",
    explanation: "No call was under way when the snapshot was taken, so there is nothing to go on with.",
    example: "wasmts resume of a snapshot taken between two calls",
    fix: "Restore it with Engine.restore, and call its exports.",
    exit: "notRunnable",
  },
  WT6580: {
    title: "the host is out of memory",
    explanation: "The system refused memory that the module may have by its limits.",
    example: "wasmts huge.wasm",
    fix: "Lower the guest's limit with --max-memory, or give the process more.",
    exit: "limit",
  },
  WT6700: {
    title: "no initialisation function",
    explanation:
      "wasmts snapshot init calls one export that has neither parameters nor results: wizer.initialize, unless --init-func names another. The module has none of this name, or it is of another type.",
    example: "wasmts snapshot init --init-func inti app.wasm -o ready.wasm",
    fix: "Export such a function. 'wasmts inspect' lists what a module exports.",
    exit: "usage",
  },
  WT6701: {
    title: "import called during initialisation",
    explanation:
      "What an import answers depends on where a module runs, so an initialisation that is to be part of the module may not call any. WASI is the exception, if --allow-wasi is given.",
    example: "wasmts snapshot init app.wasm -o ready.wasm, with a printf in the initialisation",
    fix: "Leave the call for later; or, if it is WASI, allow it and give what it needs: --allow-wasi --dir data",
    exit: "trap",
  },
  WT6702: {
    title: "the guest ended during initialisation",
    explanation:
      "The initialisation called proc_exit. A program that has ended has no state to go on from; nothing was written.",
    example: "exit(0) in the function that --init-func names",
    fix: "Let the initialisation return. What it wrote to stderr may tell why it did not.",
    exit: "notRunnable",
  },
  WT6703: {
    title: "files left open by initialisation",
    explanation:
      "A module cannot have open files at its start. The initialisation left some open, or closed or replaced standard streams or directories that the module will be given again.",
    example: "fopen without fclose in the function that --init-func names",
    fix: "Close what is opened, and nothing else.",
    exit: "notRunnable",
  },
  WT6704: {
    title: "no file to write the module to",
    explanation: "wasmts snapshot init writes a module and needs to know where.",
    example: "wasmts snapshot init app.wasm",
    fix: "Add -o FILE.",
    exit: "usage",
  },
  WT6705: {
    title: "file that cannot be written",
    explanation: "The file given with -o cannot be created. What was there before is still there.",
    example: "wasmts snapshot init app.wasm -o /no/such/dir/ready.wasm",
    fix: "Choose a path in a directory that exists and can be written to.",
    exit: "usage",
  },
  WT6706: {
    title: "unknown second word of a command",
    explanation: "The first word is a family of commands, and the second is none of them.",
    example: "wasmts snapshot inti app.wasm",
    fix: "'wasmts snapshot --help' shows which there are.",
    exit: "usage",
  },
  WT6707: {
    title: "something for a guest that gets nothing",
    explanation: "The option gives the guest something it reaches through WASI, and WASI is not allowed.",
    example: "wasmts snapshot init --dir data app.wasm -o ready.wasm",
    fix: "Add --allow-wasi, or leave the option out.",
    exit: "usage",
  },
  WT6708: {
    title: "export that cannot be renamed",
    explanation:
      "--rename-func NEW=OLD is about functions: OLD must be one that the module exports and goes on exporting, named once, and NEW no memory, table or global.",
    example: "wasmts snapshot init -r _start=mian app.wasm -o ready.wasm",
    fix: "'wasmts inspect' lists what a module exports.",
    exit: "usage",
  },
  WT6581: {
    title: "interrupted",
    explanation:
      "SIGINT arrived while the guest ran, as Ctrl-C sends it. The guest has ended where it was; reports, receipts, audits and policies are written. Then the process ends as the signal ends it, which a shell shows as 130. A second signal does not wait for that.",
    example: "wasmts --report r.json app.wasm   # and Ctrl-C",
    fix: "Run it again; --snapshot saves a guest that is to go on later.",
    exit: "interrupted",
  },
  WT6582: {
    title: "terminated",
    explanation:
      "SIGTERM arrived while a guest ran that shares its thread with the event loop, as servers do. The guest has ended where it was; reports, receipts, audits and policies are written. Then the process ends as the signal ends it, which a shell shows as 143. A second signal does not wait for that. Other guests end with the process, at once.",
    example: "wasmts --report r.json server.wasm   # and kill PID",
    fix: "Run it again.",
    exit: "terminated",
  },
  WT6999: {
    title: "a bug in wasmts",
    explanation: "Something happened inside wasmts that must not happen, whatever the module does.",
    example: "",
    fix: "Report it with the module and the command line; WASMTS_DEBUG=1 in the environment adds a stack trace.",
    exit: "internal",
  },
} as const satisfies Record<string, CliCodeDef>;

export type CliCode = keyof typeof cliCodes;
