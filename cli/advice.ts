/**
 * What the command line says about errors of the engine in its own words, by code: how to go on, and for files that are
 * no modules at all, what they are instead.
 */

export interface Advice {
  /** Replaces the engine's message; `FILE` stands for the file. */
  readonly message?: string;
  readonly help: readonly string[];
}

const say = (...help: string[]): Advice => ({ help });
const isInstead = (what: string, ...help: string[]): Advice => ({
  message: `FILE is ${what}, not a WebAssembly module`,
  help,
});

const debugBuild = "a build with names and without optimisation tells more: -g -O0, or the debug profile";
const wasCut = "compare its size with the original's: it was probably cut; build or download it again";

const advice: Readonly<Record<string, Advice>> = {
  WT1001: say("check that it is the .wasm file you meant"),
  WT1003: say(wasCut),
  WT1004: say(wasCut),
  WT1101: { message: "FILE is empty", help: ["build or download it again"] },
  WT1102: isInstead(
    "in the WebAssembly text format",
    "assemble it first: wat2wasm FILE, or wasm-tools parse FILE -o app.wasm",
  ),
  WT1103: isInstead("a gzip file", "decompress it first: gunzip -c FILE > app.wasm"),
  WT1104: isInstead("a zip archive", "extract the module first: unzip FILE"),
  WT1105: isInstead("HTML", "a download probably gave an error page: look at it, and download again"),
  WT1106: isInstead("a Git LFS pointer", "fetch the file it stands for: git lfs pull"),
  WT1107: isInstead(
    "a native program",
    "build it for WebAssembly: rustc --target wasm32-wasip1, clang --target=wasm32-wasi",
  ),
  WT1108: isInstead("a script", "if it is the loader of a module, give the .wasm file that came with it"),
  WT1109: isInstead("base64 text", "decode it first: base64 -d FILE > app.wasm"),
  WT1912: say("allow them: -W legacy-exceptions"),
  WT1917: say("allow them: -W threads"),
  WT1918: say("allow it: -W wide-arithmetic"),
  WT1919: say("allow them: -W custom-page-sizes"),
  WT1920: say("allow them: -W custom-descriptors"),
  WT1922: {
    message: "FILE is a component, not a core module; components are not supported yet",
    help: [
      "build for wasm32-wasip1 instead of wasm32-wasip2, or take the module inside: wasm-tools component unbundle",
    ],
  },
  WT3002: say("what provides the import and what the module was built for differ; take versions that match"),
  WT3004: say("raise --max-memory or --max-table if the module may have that much"),
  WT4001: say("the guest gave up by itself: a panic, abort() or a failed assertion; it may have printed why"),
  WT4002: say("the guest divides by zero; the backtrace shows where", debugBuild),
  WT4003: say("the guest divides the smallest integer by -1, or converts a float that is too large"),
  WT4004: say("the guest converts a float that is not a number to an integer"),
  WT4005: say("in the guest's language: a wild pointer, or an index beyond an array", debugBuild),
  WT4006: say("the guest uses a table beyond its end", debugBuild),
  WT4007: say("the guest calls through a wild function pointer", debugBuild),
  WT4008: say("the guest calls through a null function pointer", debugBuild),
  WT4009: say("the guest calls through a pointer to a function of another type; in C, a cast or a missing prototype"),
  WT4010: say("the guest uses a null where it must not", debugBuild),
  WT4011: say("the guest casts a reference to a type it does not have", debugBuild),
  WT4012: say("the guest uses an array beyond its end", debugBuild),
  WT4013: say("the guest uses an atomic at an address that is not aligned", debugBuild),
  WT4014: say("the function that the host gave failed; that is not the guest's fault"),
  WT4015: say("the guest threw an exception that it does not catch; the backtrace shows where from"),
  WT5002: say(
    "the guest allocates more objects than Node.js has heap for: NODE_OPTIONS=--max-old-space-size=8192 gives it more",
  ),
  WT5003: say("give it more with --fuel, if it may have it"),
  WT5004: say("give it more with --timeout, if it may have it"),
  WT5203: say("was it built again since? --module names another file"),
  WT6014: say("put the old file back, or go on all the same: --allow-changed-files"),
  WT5001: say("the guest calls itself without end, or needs a higher --max-stack-depth"),
};

const byKind: Readonly<Record<string, Advice>> = {
  malformed: say("the file is damaged, or a broken tool made it: build or download it again"),
  invalid: say("the tool that made the module broke a rule of WebAssembly: build it again, with a newer version"),
};

/** By code, then by kind; undefined when the error's own hint is all there is to say. */
export const adviceFor = (code: string, kind: string): Advice | undefined => advice[code] ?? byKind[kind];
