/** Names: found, lazy, and never a reason to fail. */
import { describe, expect, it } from "vitest";
import { moduleOf, name, section, sized, vec } from "./encode.ts";
import { decode } from "./sections.ts";

const names = (...subsections: number[][]): Uint8Array => moduleOf(section(0, name("name"), subsections));
const moduleName = [0, ...sized([name("mod")])];
const funcNames = [
  1,
  ...sized([
    vec([
      [0, ...name("a")],
      [7, ...name("b.c")],
    ]),
  ]),
];

describe("names", () => {
  it("of the module and its functions are found", () => {
    const found = decode(names(moduleName, funcNames)).names;
    expect(found.module).toBe("mod");
    expect([...found.funcs]).toEqual([
      [0, "a"],
      [7, "b.c"],
    ]);
  });

  it("are empty without section, and the same object each time", () => {
    const module = decode(moduleOf());
    expect(module.names).toBe(module.names);
    expect([module.names.module, module.names.funcs.size]).toEqual([undefined, 0]);
  });

  it("that are ill-formed lose the rest and nothing else", () => {
    const cut = [1, ...sized([2, 0, name("a"), 1, 9, 0x61])];
    const found = decode(names(cut, moduleName)).names;
    expect(found.module).toBe("mod");
    expect([...found.funcs]).toEqual([[0, "a"]]);
    expect(decode(names([1, 0x7f])).names.funcs.size).toBe(0);
    expect(decode(names([0, ...sized([2, 0xff, 0xfe])])).names.module).toBeUndefined();
  });
});
