/**
 * Checks the first eight bytes, and when they are not a module's, says what the file is instead.
 */
import { type MalformedFault, malformed, unsupported } from "../faults.ts";

const MAGIC = [0x00, 0x61, 0x73, 0x6d];

/** @throws WasmError malformed; unsupported for a component */
export function checkPreamble(bytes: Uint8Array): void {
  if (bytes.length === 0) throw malformed("emptyFile", 0, ": the file is empty");
  if (!startsWith(bytes, MAGIC)) {
    const isCut = MAGIC.slice(0, bytes.length).every((byte, i) => bytes[i] === byte);
    if (isCut) throw malformed("unexpectedEnd", bytes.length, ": the file ends within the magic number");
    throw notWasm(bytes);
  }
  if (bytes.length < 8) throw malformed("unexpectedEnd", bytes.length, ": the file ends within the version");
  const version = bytes[4]! | (bytes[5]! << 8);
  const layer = bytes[6]! | (bytes[7]! << 8);
  if (version === 1 && layer === 0) return;
  if (layer === 1 && version !== 0) {
    throw unsupported("component-model", 4, "unknown binary version: this is a component, not a core module");
  }
  throw malformed("version", 4, `: version ${version}, layer ${layer}; 1 and 0 are known`);
}

interface Lookalike {
  readonly fault: MalformedFault;
  /** What it is and what to do. */
  readonly text: string;
  readonly matches: (bytes: Uint8Array, head: string) => boolean;
}

/** In this order: the first that matches is told. `head` is the start of the file as Latin-1, without leading space. */
const lookalikes: readonly Lookalike[] = [
  {
    fault: "gzip",
    text: "this is a gzip file; decompress it first (gunzip)",
    matches: (bytes) => startsWith(bytes, [0x1f, 0x8b]),
  },
  {
    fault: "zip",
    text: "this is a zip archive; extract the module first (unzip)",
    matches: (_, head) => head.startsWith("PK\x03\x04"),
  },
  {
    fault: "nativeCode",
    text: "this is a native executable, not WebAssembly; build with a wasm32 target",
    matches: (bytes, head) =>
      head.startsWith("\x7fELF") ||
      head.startsWith("MZ") ||
      [
        [0xcf, 0xfa, 0xed, 0xfe],
        [0xca, 0xfe, 0xba, 0xbe],
      ].some((magic) => startsWith(bytes, magic)),
  },
  {
    fault: "gitLfs",
    text: "this is a Git LFS pointer, not the file; run git lfs pull",
    matches: (_, head) => head.startsWith("version https://git-lfs"),
  },
  {
    fault: "html",
    text: "this is HTML; the download probably gave an error page",
    matches: (_, head) => /^(\xef\xbb\xbf)?<(!doctype|html|head|body|!--)/i.test(head),
  },
  {
    fault: "textFormat",
    text: "this is the WebAssembly text format; assemble it first (wat2wasm, wasm-tools parse)",
    matches: (_, head) =>
      /^((;;[^\n]*\n|\(;[\s\S]*?;\))\s*)*\((module|component|assert_|type|func|memory|import)\b/.test(head),
  },
  {
    fault: "base64",
    text: "this is a module in base64; decode it first (base64 -d)",
    matches: (_, head) => head.startsWith("AGFzbQ"),
  },
  {
    fault: "javaScript",
    text: "this is a script, perhaps the loader that comes with the module; give the .wasm file instead",
    matches: (_, head) =>
      /^(#!|\/\/|\/\*|["']use strict|(import|export|var|let|const|function|async|class|module|exports)\b|\(\s*(function|\())/.test(
        head,
      ),
  },
];

function notWasm(bytes: Uint8Array): Error {
  const head = String.fromCharCode(...bytes.subarray(0, 512)).trimStart();
  const found = lookalikes.find(({ matches }) => matches(bytes, head));
  if (found !== undefined) return malformed(found.fault, 0, `: ${found.text}`);
  if (bytes.length < MAGIC.length)
    return malformed("unexpectedEnd", bytes.length, ": the file ends within the magic number");
  const start = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, "0")).join(" ");
  return malformed("magic", 0, `: the file starts with ${start}, a module with 00 61 73 6d`);
}

function startsWith(bytes: Uint8Array, start: readonly number[]): boolean {
  return start.every((byte, i) => bytes[i] === byte);
}
