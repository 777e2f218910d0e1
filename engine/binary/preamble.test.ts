/** Files that are not modules, each told what it is. */
import { describe, expect, it } from "vitest";
import { decode } from "./sections.ts";

const latin = (text: string): Uint8Array => Uint8Array.from([...text].map((c) => c.charCodeAt(0)));

describe("a file that is not a module", () => {
  it.each([
    ["nothing", "", "WT1101", /^unexpected end: the file is empty/],
    ["a part of the magic number", "\0as", "WT1003", /^unexpected end/],
    ["a part of the version", "\0asm\x01\0", "WT1003", /^unexpected end/],
    ["a byte", "\x01", "WT1003", /^unexpected end/],
    ["other bytes", "wasm\x01\0\0\0", "WT1001", /^magic header not detected.*77 61 73 6d/],
    ["gzip", "\x1f\x8b\x08\0\0\0\0\0", "WT1103", /gzip.*gunzip/],
    ["zip", "PK\x03\x04\x14\0\0\0", "WT1104", /zip/],
    ["HTML", "\n<!DOCTYPE html><title>404</title>", "WT1105", /HTML/],
    ["text", "(module\n)", "WT1102", /text format/],
    ["text after comments", ";; hello (x)\n(; (module) ;)\n (module $m)", "WT1102", /text format/],
    ["Git LFS", "version https://git-lfs.github.com/spec/v1\noid sha256:00", "WT1106", /git lfs pull/],
    ["ELF", "\x7fELF\x02\x01\x01\0", "WT1107", /native executable/],
    ["JavaScript", "#!/usr/bin/env node\n", "WT1108", /script/],
    ["an Emscripten loader", "var Module = typeof Module", "WT1108", /script/],
    ["base64", "AGFzbQEAAAA=", "WT1109", /base64 -d/],
    ["a draft version", "\0asm\x0d\0\0\0", "WT1002", /^unknown binary version/],
  ])("%s", (_, text, code, message) => {
    expect(() => decode(latin(text))).toThrow(
      expect.objectContaining({ kind: "malformed", code, message: expect.stringMatching(message) }),
    );
  });

  it("a component is unsupported, not malformed", () => {
    expect(() => decode(latin("\0asm\x0d\0\x01\0"))).toThrow(
      expect.objectContaining({ kind: "unsupported", code: "WT1922", message: expect.stringMatching(/component/) }),
    );
  });
});
