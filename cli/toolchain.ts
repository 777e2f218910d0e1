/**
 * Who made a module: the producers section, and the marks that toolchains leave when there is none.
 *
 * Reads raw bytes, leniently, so that it also serves modules that do not decode. All text is the module's own: never
 * print it without `printable`.
 */

export interface Producer {
  readonly name: string;
  readonly version: string;
}
/** Fields of the producers section; see the tool conventions. */
export interface Producers {
  readonly language: readonly Producer[];
  readonly "processed-by": readonly Producer[];
  readonly sdk: readonly Producer[];
}

const maxEntries = 100;

/** The producers section of a module; empty fields if it has none or it is damaged. */
export function readProducers(bytes: Uint8Array): Producers {
  const found: { language: Producer[]; "processed-by": Producer[]; sdk: Producer[] } = {
    language: [],
    "processed-by": [],
    sdk: [],
  };
  const section = findCustom(bytes, "producers");
  if (section === undefined) return found;
  try {
    const fields = Math.min(section.u32(), 3);
    for (let i = 0; i < fields; i++) {
      const field = section.name();
      const values = Math.min(section.u32(), maxEntries);
      for (let k = 0; k < values; k++) {
        const producer = { name: section.name(), version: section.name() };
        if (field === "language" || field === "processed-by" || field === "sdk") found[field].push(producer);
      }
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return found;
}

/** One line such as `Rust 1.63.0, rustc 1.63.0`; undefined if the module does not say. Not escaped. */
export function describeProducers(producers: Producers): string | undefined {
  const all = [...producers.sdk, ...producers.language, ...producers["processed-by"]];
  const texts = all.map((p) => `${p.name} ${p.version}`.trim());
  return texts.length === 0 ? undefined : [...new Set(texts)].slice(0, 4).join(", ");
}

class Cursor {
  readonly bytes: Uint8Array;
  at: number;
  readonly end: number;
  constructor(bytes: Uint8Array, at: number, end: number) {
    this.bytes = bytes;
    this.at = at;
    this.end = end;
  }
  u32(): number {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      if (this.at >= this.end) throw new RangeError("end of section");
      const byte = this.bytes[this.at++]!;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("integer too long");
  }
  name(): string {
    const size = this.u32();
    const from = this.at;
    if (from + size > this.end) throw new RangeError("end of section");
    this.at = from + size;
    return new TextDecoder().decode(this.bytes.subarray(from, this.at));
  }
}

/** A cursor after the name of the custom section `name`; undefined if there is none within reach. */
function findCustom(bytes: Uint8Array, name: string): Cursor | undefined {
  const top = new Cursor(bytes, 8, bytes.length);
  try {
    while (top.at < top.end) {
      const id = bytes[top.at++];
      const size = top.u32();
      const section = new Cursor(bytes, top.at, Math.min(top.at + size, bytes.length));
      if (id === 0 && section.name() === name) return section;
      top.at += size;
    }
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return undefined;
}

/** An import, as far as guessing goes. */
export interface ImportName {
  readonly module: string;
  readonly name: string;
}

/** The toolchain or host a module was made for, and what to do about the imports only it explains. */
export interface Origin {
  readonly who: string;
  readonly help: string;
}

interface OriginRow extends Origin {
  readonly matches: (imp: ImportName) => boolean;
}

const rebuild = "wasmts runs WASI preview 1 programs";
/** In order: the first row that matches an unknown import speaks. */
const origins: readonly OriginRow[] = [
  {
    who: "wasm-bindgen (Rust for browsers)",
    help: `${rebuild}: build the crate with --target wasm32-wasip1 and without wasm-bindgen, web-sys and js-sys`,
    matches: (i) =>
      /^wbg$|__wbindgen|_bg(\.js)?$/.test(i.module) || i.name.startsWith("__wbindgen") || i.name.startsWith("__wbg_"),
  },
  {
    who: "Go's js port (GOOS=js), which needs Go's wasm_exec.js",
    help: `${rebuild}: build with GOOS=wasip1 GOARCH=wasm (TinyGo: -target=wasip1)`,
    matches: (i) =>
      i.module === "gojs" ||
      (i.module === "go" && /^(runtime|syscall)/.test(i.name)) ||
      i.name.startsWith("syscall/js."),
  },
  {
    who: "WASIX (Wasmer's extension of WASI)",
    help: `${rebuild}; build for wasm32-wasip1 instead of wasm32-wasmer-wasi (cargo wasix)`,
    matches: (i) => /^wasix_(32|64)v1$/.test(i.module),
  },
  {
    who: "wasi-threads",
    help: "only the guest itself may have threads, not a preloaded module",
    matches: (i) => i.module === "wasi" && i.name === "thread-spawn",
  },
  {
    who: "WASI preview 2: it is the core module of a component",
    help: `${rebuild}: build for wasm32-wasip1 instead of wasm32-wasip2, or take the module before 'wasm-tools component new'`,
    matches: (i) => /^(\[export\])?wasi:/.test(i.module) || i.module === "$root" || /^cm32p2/.test(i.module),
  },
  {
    who: "a WASI proposal",
    help: "only WASI preview 1 is there; --unknown-imports trap runs what does not use the rest",
    matches: (i) => /^(wasi_ephemeral_|wasi_(nn|crypto|http|experimental))/.test(i.module),
  },
  {
    who: "Extism: a plug-in for its host",
    help: "run it with an Extism host, or preload a module that exports extism:host/env",
    matches: (i) => i.module.startsWith("extism:"),
  },
  {
    who: "proxy-wasm: a filter for Envoy and its like",
    help: "run it in such a proxy",
    matches: (i) => i.module === "env" && i.name.startsWith("proxy_"),
  },
  {
    who: "AssemblyScript with its default imports",
    help: "compile with --use abort=... or with @assemblyscript/wasi-shim; --unknown-imports trap turns abort into a trap",
    matches: (i) => i.module === "env" && (i.name === "abort" || i.name === "seed" || i.name === "trace"),
  },
  {
    who: "the official test suite (its host module 'spectest')",
    help: "preload a module that exports what spectest does: --preload spectest=FILE",
    matches: (i) => i.module === "spectest",
  },
  {
    who: "a language that leans on JavaScript's built-ins (Kotlin, Dart, Scala.js, Java)",
    help: "build it for WASI if its compiler can (Kotlin: wasmWasi)",
    matches: (i) => i.module.startsWith("wasm:js-") || i.module === "dart2wasm" || i.module === "js_code",
  },
  {
    who: "Emscripten, for its JavaScript",
    help: `${rebuild}: build with wasi-sdk, or with emcc -sSTANDALONE_WASM -o app.wasm`,
    matches: (i) =>
      i.module === "env" &&
      /^(emscripten_|_?_?emscripten|invoke_[vijfd]+$|__syscall_|__cxa_|_embind_|__main_argc_argv$|setTempRet0$|_tzset_js$|_mmap_js$)/.test(
        i.name,
      ),
  },
  {
    who: "Emscripten with minified names (module 'a')",
    help: `${rebuild}: build with emcc -sSTANDALONE_WASM -o app.wasm, or with wasi-sdk`,
    matches: (i) => i.module === "a" && i.name.length <= 3,
  },
];

/** What the first unknown import that says anything says. */
export function originOf(unknown: readonly ImportName[]): Origin | undefined {
  for (const row of origins) if (unknown.some(row.matches)) return row;
  return undefined;
}
