/** Who made a module: the producers section, and guesses from imports. */
import { describe, expect, it } from "vitest";
import { describeProducers, originOf, readProducers } from "./toolchain.ts";

const text = (s: string): number[] => [s.length, ...Buffer.from(s)];
const section = (payload: number[]): Uint8Array => {
  const body = [...text("producers"), ...payload];
  return Uint8Array.from([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 0, body.length, ...body]);
};

describe("producers", () => {
  const payload = [
    2,
    ...text("language"),
    1,
    ...text("Rust"),
    ...text(""),
    ...text("processed-by"),
    1,
    ...text("rustc"),
    ...text("1.63.0"),
  ];
  it("are read", () => {
    const found = readProducers(section(payload));
    expect(found.language).toEqual([{ name: "Rust", version: "" }]);
    expect(describeProducers(found)).toBe("Rust, rustc 1.63.0");
  });
  it("that are cut anywhere give what is there, never an error", () => {
    const whole = section(payload);
    for (let size = 0; size < whole.length; size++) expect(readProducers(whole.subarray(0, size)).sdk).toEqual([]);
  });
  it("that claim a huge count are bounded", () =>
    expect(readProducers(section([1, ...text("language"), 0xff, 0xff, 0xff, 0xff, 0x0f])).language).toEqual([]));
  it("may be missing", () =>
    expect(describeProducers(readProducers(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0)))).toBeUndefined());
});

describe("origins", () => {
  it.each([
    ["env", "emscripten_memcpy_big", /Emscripten/],
    ["env", "invoke_viii", /Emscripten/],
    ["wbg", "__wbindgen_throw", /wasm-bindgen/],
    ["./pkg_bg.js", "__wbg_log_1", /wasm-bindgen/],
    ["gojs", "runtime.wasmExit", /Go's js port/],
    ["go", "syscall/js.valueGet", /Go's js port/],
    ["wasix_32v1", "futex_wait", /WASIX/],
    ["wasi", "thread-spawn", /threads/],
    ["wasi:cli/environment@0.2.0", "get-environment", /preview 2/],
    ["env", "abort", /AssemblyScript/],
    ["env", "proxy_log", /proxy-wasm/],
    ["extism:host/env", "input_length", /Extism/],
    ["wasi_ephemeral_nn", "load", /WASI proposal/],
    ["a", "b", /minified/],
  ])("%s.%s", (module, name, who) => expect(originOf([{ module, name }])?.who).toMatch(who));
  it("does not guess at what says nothing", () => expect(originOf([{ module: "math", name: "sin" }])).toBeUndefined());
});
