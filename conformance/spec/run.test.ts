/** The runner itself, on the host's engine: wrong expectations must fail, right ones pass. */
import { beforeAll, describe, expect, it } from "vitest";
import { hostEngine } from "./engine-webassembly.ts";
import { differences } from "./expected.ts";
import { jsonReport, junitReport, summarize } from "./report.ts";
import type { Session } from "./run.ts";
import { runSource, startSession } from "./suite.ts";

const module = `(module $m
  (func (export "id32") (param f32) (result f32) local.get 0)
  (func (export "id64") (param f64) (result f64) local.get 0)
  (func (export "v") (param v128) (result v128) local.get 0)
  (func (export "two") (result i32 i64) i32.const 1 i64.const 2)
  (func (export "div") (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
  (func $loop (export "loop") call $loop)
  (func (export "ext") (param externref) (result externref) local.get 0)
  (global (export "g") f64 (f64.const nan:0x4000000000000)))`;

let session: Session;
beforeAll(async () => {
  session = await startSession(hostEngine());
});

async function outcomeOf(command: string): Promise<string> {
  const { results } = await runSource(session, `${module}\n${command}`, "a.wast");
  expect(results[0]).toMatchObject({ outcome: "pass" });
  return results.at(-1)!.outcome;
}

describe("judges", () => {
  it.each([
    '(assert_return (invoke "two") (i32.const 1) (i64.const 2))',
    '(assert_return (invoke $m "id32" (f32.const -0)) (f32.const -0))',
    '(assert_return (invoke "id32" (f32.const nan:0x200000)) (f32.const nan:0x200000))',
    '(assert_return (invoke "id64" (f64.const -nan)) (f64.const nan:canonical))',
    '(assert_return (invoke "v" (v128.const i32x4 1 2 3 4)) (v128.const i64x2 0x2_00000001 0x4_00000003))',
    '(assert_return (invoke "v" (v128.const i32x4 0x7fc00000 0 0 0)) (v128.const f32x4 nan:canonical 0 0 0))',
    '(assert_return (invoke "id32" (f32.const 1)) (either (f32.const 2) (f32.const 1)))',
    '(assert_return (invoke "ext" (ref.extern 1)) (ref.extern 1))',
    '(assert_return (invoke "ext" (ref.null extern)) (ref.null))',
    '(assert_return (get "g") (f64.const nan:0x4000000000000))',
    '(assert_trap (invoke "div" (i32.const 0)) "integer divide by zero")',
    '(assert_exhaustion (invoke "loop") "call stack exhausted")',
    '(assert_invalid (module (func (result i32))) "type mismatch")',
    '(assert_malformed (module binary "") "unexpected end")',
    '(assert_unlinkable (module (import "a" "b" (func))) "unknown import")',
    '(assert_unlinkable (module (import "spectest" "print_i32" (func (param i64)))) "incompatible import type")',
    '(assert_trap (module (func unreachable) (start 0)) "unreachable")',
    '(invoke "v" (v128.const i32x4 0 0 0 0))',
    '(register "m" $m) (module (import "m" "loop" (func)))',
    "(module definition $d (func)) (module instance $i $d)",
  ])("pass: %s", async (command) => {
    expect(await outcomeOf(command)).toBe("pass");
  });

  it.each([
    '(assert_return (invoke "two") (i32.const 1) (i64.const 3))',
    '(assert_return (invoke "two") (i32.const 1))',
    '(assert_return (invoke "two"))',
    '(assert_return (invoke "none"))',
    '(assert_return (invoke "id32" (f32.const 0)) (f32.const -0))',
    '(assert_return (invoke "id32" (f32.const nan:0x200000)) (f32.const nan))',
    '(assert_return (invoke "id32" (f32.const nan:0x200000)) (f32.const nan:arithmetic))',
    '(assert_return (invoke "id64" (f64.const nan:0xc000000000000)) (f64.const nan:canonical))',
    '(assert_return (invoke "v" (v128.const i32x4 1 2 3 4)) (v128.const i32x4 1 2 3 5))',
    '(assert_return (invoke "v" (v128.const i32x4 0x7fe00000 0 0 0)) (v128.const f32x4 nan:canonical 0 0 0))',
    '(assert_return (invoke "id32" (f32.const 1)) (either (f32.const 2) (f32.const 3)))',
    '(assert_return (invoke "ext" (ref.extern 1)) (ref.extern 2))',
    '(assert_return (invoke "ext" (ref.extern 1)) (ref.null))',
    '(assert_return (invoke "ext" (ref.extern 1)) (ref.func))',
    '(assert_return (get "g") (f64.const nan:canonical))',
    '(assert_trap (invoke "div" (i32.const 1)) "integer divide by zero")',
    '(assert_trap (invoke "loop") "call stack exhausted")',
    '(assert_exhaustion (invoke "div" (i32.const 0)) "call stack exhausted")',
    '(assert_invalid (module) "type mismatch")',
    '(assert_malformed (module binary "\\00asm\\01\\00\\00\\00") "unexpected end")',
    '(assert_unlinkable (module) "unknown import")',
    '(assert_unlinkable (module (func unreachable) (start 0)) "unknown import")',
    '(assert_trap (module (import "a" "b" (func))) "unreachable")',
    '(module (import "m" "loop" (func)))',
    "(module (func (result i32)))",
    "(assert_magic)",
    '(module (func (result i32))) (invoke "two")',
    // A link that fails because of a module that failed proves nothing.
    '(module $x (func (result i32))) (register "x" $x) (assert_unlinkable (module (import "x" "y" (func))) "unknown")',
  ])("fail: %s", async (command) => {
    expect(await outcomeOf(command)).toBe("fail");
  });

  it("counts quoted malformed text apart", async () => {
    expect(await outcomeOf('(assert_malformed (module quote "(func") "unexpected token")')).toBe("text");
  });
});

describe("reports", () => {
  const source = `${module}\n(assert_return (invoke "two"))\n(assert_return (invoke "two") (i32.const 1) (i64.const 2))`;

  it("compares with the list of expected failures", async () => {
    const files = [await runSource(session, source, "a.wast")];
    const list = (lines: number[], unsupported = 0) =>
      differences(files, { failures: { "a.wast": lines }, unsupported: { "a.wast": unsupported } });
    expect(list([10])).toEqual([]);
    expect(list([])).toEqual([expect.stringMatching(/^unexpected failure: a\.wast:10 /)]);
    expect(list([10, 11])).toEqual([expect.stringMatching(/^unexpected pass: a\.wast:11 /)]);
    expect(list([10], 1)).toEqual([expect.stringMatching(/^unsupported commands in a\.wast: 0, listed 1/)]);
  });

  it("adds up, and writes JSON and JUnit", async () => {
    const files = [await runSource(session, source, "a.wast"), await runSource(session, "(get", "b.wast")];
    expect(summarize(files).total).toMatchObject({ pass: 2, fail: 2, files: 2, cleanFiles: 0 });
    expect(JSON.parse(jsonReport("v8", files))).toMatchObject({ engine: "v8", results: [{ line: 10 }, { line: 1 }] });
    const xml = junitReport("v8", files);
    expect(xml).toContain('<testsuite name="a.wast" tests="3" failures="1" skipped="0"');
    expect(xml).toContain('name="line 10: assert_return"><failure message="expected [], got [1, 2n]"/>');
  });
});
