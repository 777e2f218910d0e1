/** The scanner behind the architecture test, on sources that try to mislead it. */
import { expect, it } from "vitest";
import { functionLengths, importsOf, loadedBy } from "./source-text.ts";

it("finds imports of every form and nothing in comments", () => {
  const source = `
/** import "./no.ts"; */
import { a } from "./a.ts";
import type {
  B,
} from "./b.ts";
import "./c.ts";
export { d } from "./d.ts";
export * from "./e.ts";
// import { f } from "./no.ts";
const g = await import("./g.ts");
const text = 'from "./no.ts"';
`;
  expect(importsOf(source)).toEqual(["./a.ts", "./b.ts", "./c.ts", "./d.ts", "./e.ts", "./g.ts"]);
  expect(loadedBy(source)).toEqual(["./a.ts", "./c.ts", "./d.ts", "./e.ts"]);
});

it("counts lines of functions, not of statements, objects or text", () => {
  const source = [
    "function a(x: number): string {", // 1
    "  if (x > 1) {",
    '    return "}}}";',
    "  }",
    "  return `{$" + "{x}`;",
    "}", // 6
    "const b = (y: number) => {", // 7
    "  // }",
    "  return /[{]/.test(String(y));",
    "};", // 10
    "class C {",
    "  m(): void {", // 12
    "    for (const z of [1]) {",
    "      a(z);",
    "    }",
    "  }", // 16
    "}",
    "const d = {",
    "  e: 1,",
    "};",
  ].join("\n");
  expect(functionLengths(source)).toEqual([
    { line: 1, lines: 6 },
    { line: 7, lines: 4 },
    { line: 12, lines: 5 },
  ]);
});
