/** `--dir`: every way to write a mount, and the mistakes people make. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CliError } from "./cli-error.ts";
import { parseMount, readMounts } from "./mounts.ts";

const mount = (host: string, guest: string, readOnly = false) => ({ host, guest, readOnly });

describe("parseMount", () => {
  it.each([
    [".", mount(".", ".")],
    [".:/", mount(".", "/")],
    [".::/", mount(".", "/")],
    ["data:/data", mount("data", "/data")],
    ["data:/data:ro", mount("data", "/data", true)],
    ["data:/data:readonly", mount("data", "/data", true)],
    ["data:/data:rw", mount("data", "/data")],
    ["data::/data::ro", mount("data", "/data", true)],
    ["data::/data:ro", mount("data", "/data", true)],
    ["data:ro", mount("data", "data", true)],
    ["data::ro", mount("data", "data", true)],
    ["/a:b:/c", mount("/a:b", "/c")],
    ["/a::b:c", mount("/a", "b:c")],
    ["a:/data", mount("a", "/data")],
  ])("%s", (text, expected) => expect(parseMount(text, "--dir", false)).toEqual(expected));

  it.each([
    ["C:\\data:/data:ro", mount("C:\\data", "/data", true)],
    ["C:\\data", mount("C:\\data", "C:\\data")],
    ["C:/data::/x", mount("C:/data", "/x")],
    ["C:/a:D:/b", mount("C:/a", "D:/b")],
    ["data:/x", mount("data", "/x")],
  ])("on Windows: %s", (text, expected) => expect(parseMount(text, "--dir", true)).toEqual(expected));

  it.each(["", ":", ":/data", "data:", "::/x", ":ro", "a\0b"])("refuses %j", (text) => {
    expect(() => parseMount(text, "--dir", false)).toThrow(expect.objectContaining({ code: "WT6524" }));
  });
});

describe("readMounts", () => {
  let root = "";
  beforeAll(() => {
    root = mkdtempSync(join(tmpdir(), "wasmts-mounts-"));
    mkdirSync(join(root, "data"));
    mkdirSync(join(root, "other"));
    writeFileSync(join(root, "file.txt"), "x");
  });
  afterAll(() => rmSync(root, { recursive: true, force: true }));

  const failure = (...texts: string[]): CliError => {
    try {
      readMounts(texts);
    } catch (error) {
      if (error instanceof CliError) return error;
      throw error;
    }
    throw new Error("no error");
  };

  it("takes several", () => {
    expect(readMounts([`${root}/data:/a`, `${root}/other:/b:ro`])).toEqual([
      mount(`${root}/data`, "/a"),
      mount(`${root}/other`, "/b", true),
    ]);
  });

  it("tells a reversed mount and how to write it", () => {
    const error = failure(`/nowhere/at/all:${root}/data:ro`);
    expect(error.code).toBe("WT6521");
    expect(error.help.join()).toContain(`--dir ${root}/data:/nowhere/at/all:ro`);
  });

  it("tells a directory that is missing", () => expect(failure(`${root}/missing:/x`).code).toBe("WT6520"));

  it("tells a file, and the directory it is in", () => {
    const error = failure(`${root}/file.txt`);
    expect(error.code).toBe("WT6522");
    expect(error.help.join()).toContain(`--dir ${root}`);
  });

  it.each([
    ["/x", "/x"],
    ["/x", "/x/"],
    ["/x/./y", "//x//y"],
    ["/", "//"],
  ])("refuses the guest path %s beside %s", (a, b) => {
    expect(failure(`${root}/data:${a}`, `${root}/other:${b}`).code).toBe("WT6523");
  });
});
