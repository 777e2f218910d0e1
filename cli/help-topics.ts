/** Texts of `wasmts help TOPIC`. A line that starts with two spaces is printed as it is. */

export interface Topic {
  readonly name: string;
  readonly text: string;
}

export const topics: readonly Topic[] = [
  {
    name: "exit-codes",
    text: `The exit status of 'wasmts run':

  n     the guest ended with n (modulo 256)
  2     the command line is wrong
  125   wasmts itself failed: please report it
  126   the module was found and cannot be run: not WebAssembly, not valid,
        an unknown import, a proposal that is not there
  127   the module was not found
  124   --timeout was over
  134   the guest trapped, or its --fuel was spent (3 on Windows)
  137   the guest asked for more than it may have
  130   ended by Ctrl-C (SIGINT); 143 by SIGTERM; 141 when it writes and
        nobody reads any more, as in '| head'

A guest can end with any of these numbers itself. What really happened is in the record that --report FILE writes: kind is exit, trap, exhausted, fuel, deadline, cancelled, limit, malformed, invalid, unsupported, unlinkable, not-found, not-runnable, usage or internal.

'wasmts validate' ends with 0 if every module is valid, else 126 or 127.`,
  },
  {
    name: "snapshots",
    text: `A guest can be saved in the middle of its run, and go on later, elsewhere:

  wasmts --snapshot s.snap --snapshot-at time:2s app.wasm
  wasmts resume s.snap
  wasmts snapshot inspect s.snap

--snapshot-at fuel:N saves after N instructions, time:T after a time, signal:USR1 (the default) whenever the signal arrives. The run ends with status 0 then, or goes on with --snapshot-continue. What the guest has written is not written again after it goes on.

Give 'resume' the same directories as the run had; it checks that files that were open are still what they were. It needs the module itself too, where it was or by --module.`,
  },
  {
    name: "mounts",
    text: `--dir gives the guest one directory of the host, with everything below it:

  --dir HOST             under the same name
  --dir HOST:GUEST       under the name GUEST, such as /data or /
  --dir HOST:GUEST:ro    and every attempt to change something fails
  --dir HOST::GUEST      the same, as wasmtime writes it

-v, --volume and --mount are the same option; it may be repeated. The host side comes first, as in Docker, wazero and wasmtime; WasmEdge and iwasm have it the other way round. Paths of the guest cannot leave the directory; see 'wasmts help sandbox'.

There are other things to mount, and they can be repeated too:

  --tmpfs GUEST          an empty directory in memory
  --overlay HOST:GUEST   a directory of the host that the guest may change as
                         it likes: its changes are kept in memory
  --tar FILE:GUEST       the contents of a tar archive, which cannot be changed

What is in memory is gone when the guest ends; a snapshot has the files of --tmpfs, and none of a changed overlay. --max-fs-memory bounds the bytes, 64MiB each if it is not given.`,
  },
  {
    name: "sandbox",
    text: `How strongly a guest is kept inside the directories it is given:

  beneath    every step of a path goes through a directory that is held open.
             Not by '..', not by symbolic links, and not by renaming files at
             the right moment does a path lead outside. Needs Linux with /proc.
  nofollow   every directory on the way is looked at before it is used. A guest
             alone cannot get out; with the help of another program that
             exchanges directories for links meanwhile, it could.
  lexical    only the text of paths is looked at, and links in the middle of
             them lead where they will. This is no boundary.

The default is beneath on Linux and nofollow elsewhere. With --fs-level a level is asked for; a system that does not have it refuses to run the guest. Links to absolute paths are never followed.

Where the native part was built (npm run build:native; Linux), the level beneath is had by way of it: the same results, and faster. With --host-files portable it is left alone, with --host-files native the guest does not run without it.`,
  },
  {
    name: "policy",
    text: `A policy is a JSON file that bounds what a guest may have, whatever else is on the command line. What is not in it is denied:

  {
    "version": 1,
    "calls": ["args_*", "fd_*", "path_open", "path_filestat_get"],
    "mounts": [{ "guest": "/data", "access": "read-only", "level": "beneath" }],
    "paths": [{ "path": "/data/in/**", "allow": ["read"] }],
    "env": ["HOME", "LC_*"],
    "clocks": ["realtime", "monotonic"],
    "random": true
  }

Paths are those the guest sees, after links were followed; '/**' at the end means everything below. What can be allowed: stat, read, write, create, remove. To rename or link something a guest must be allowed all of them on it; to go back from a directory by '..', to look at it. A denied call ends with the errno NOTCAPABLE.

  --learn FILE   writes the smallest policy that a run needed
  --policy FILE  runs a guest under it
  --audit FILE   writes every grant and denial, one line of JSON each`,
  },
  {
    name: "invoke",
    text: `--invoke NAME calls the exported function NAME instead of the program's start. The words after FILE are its arguments, read by the types of its parameters:

  i32, i64     42  -7  0xff  1_000_000   (signed or unsigned, in range)
  f32, f64     1.5  -2e9  inf  -inf  nan
  v128         0x and up to 32 digits, lane 0 lowest
  references   null

Results are printed on stdout, one per line. With --json the last line on stdout is the outcome with typed results. If the module exports _initialize, that is called first.`,
  },
  {
    name: "determinism",
    text: `--deterministic[=SEED] makes a run one that can be repeated to the bit, on any machine:

  clocks      virtual: they begin at a fixed point (2000-01-01 for the time of
              day), go on by 1 us whenever one is read, and jump when the guest
              waits for them, so that sleeping takes no time
  NaNs        that arithmetic makes have the canonical bits
  random      xoshiro128** seeded with SHA-256 of SEED (default 0)
  listings    in the order of the names' bytes
  attributes  fixed times and device, inodes made from the path
  streams     reads fill their buffer or reach the end; writes are never cut;
              input is always said to be there

Arguments, environment, files and standard input must be the same, of course. --receipt FILE writes one line of JSON with a hash over every host call, with arguments and results, and over the memory at the end: the same in both runs, or they were not the same. docs/determinism.md says more.`,
  },
  {
    name: "quotas",
    text: `--quota NAME=N/s,... slows the guest down where it calls the host too often. Calls that are over a quota wait; nothing fails.

  ops, bytes              all operations on files, sockets and standard streams
  file-ops, file-bytes    on files and directories
  net-ops, net-bytes      on sockets
  burst                   how much an idle guest saves up, as a time; default 1s

  --quota file-ops=100/s,file-bytes=10MiB/s,burst=2s

Rates may be per /s, /m or /h; without it they are per second. For the processor there is --cpu-share.`,
  },
  {
    name: "code-cache",
    text: `--code-cache DIR keeps what wasmts finds out about a module: that it is valid, and the JavaScript of its functions, as V8 has compiled it. A later run with the same module, options and version of wasmts and Node.js takes that, and starts faster. What is new is written when the process exits, and a run that has much to write ends later by that.

DIR is made if it is missing. The code in it is run with all that wasmts may do, so it must be yours, not for others to write to, and out of the guest's reach: wasmts refuses a DIR that is inside of a directory that --dir lets the guest change, or around one. ':ro' and --overlay are fine. Nor may guests of other runs have had it to write to.

The first thread of a guest with threads is in a worker too: all of them compile for themselves. What cannot be written is told in one line on stderr, and changes nothing for the guest. To start anew, remove DIR; nothing in it is needed. See docs/code-cache.md.`,
  },
  {
    name: "json",
    text: `--json prints one line of JSON after everything the guest wrote to stdout; --report FILE writes the same to a file:

  kind       how it ended; see 'wasmts help exit-codes'
  code       what the guest gave to proc_exit (0 if it returned), else the
             exit status of wasmts
  trap       for a trap: {code, message}
  error      for other failures: {code, message, where, help}
  backtrace  guest functions, innermost first: {func, name, offset}
  results    of --invoke: {type, value}; 64-bit integers are strings
  receipt    with --receipt
  usage      {compileMs, runMs, cpuMs, instructions, memoryBytes,
             tableElements}
  generated  with --stats, what became JavaScript: {functions, loops, bytes,
             characters, kept, split, declined, unsplit}; kept are texts
             that earlier runs had made (--code-cache); null if nothing did
  network    for a guest that may have sockets: {listeners: [{address,
             accepted, bytesIn, bytesOut}], connected: {connections,
             bytesIn, bytesOut}, datagrams: {received, sent, bytesIn,
             bytesOut}}`,
  },
];
