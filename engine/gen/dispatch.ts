/**
 * Text of `interpret/dispatch.gen.ts`: the hot switch and the switch of cold numeric operations, from the tables.
 *
 * Case labels are literals: through an object or a constant the same switch runs 3-6x slower.
 */
import { instrDef, type Mnemonic } from "../instrs.ts";
import {
  caseOf,
  DRIVER_START,
  FAR_START,
  GC_START,
  INSTANCE_START,
  type OpDef,
  ops,
  VECTOR_START,
} from "../interpret/ops.ts";
import { packedWords } from "../interpret/pack.ts";
import { bodies, slots } from "./bodies.ts";
import { compute, type Plain } from "./expressions.ts";
import { at, branchBody, goesOn, operands, packed, sequenceBody, stepOf } from "./sequences.ts";

function hotBody(o: OpDef): string {
  if (o.cls === "fused") return sequenceBody(o.name);
  if (o.row === undefined) return slots(bodies[o.name] ?? missing(o.name));
  if (o.cls === "branch") return branchBody(o, operands(o));
  return compute(instrDef(o.row), at(1), operands(o));
}

function missing(name: string): never {
  throw new Error(`no body for interpreter operation ${name}`);
}

function hotCase(o: OpDef): string {
  const text = hotBody(o).trim();
  const body = o.cls === "fused" ? text : packed(text, o, "w");
  return `        case ${caseOf(o.num)}: { // ${o.name}\n          ${body}${goesOn(o) ? ` pc += ${stepOf(o)}; continue;` : ""}\n        }`;
}

/** The case of the form for slots that are far: it returns the place of the next operation, or not the word of a taken branch. */
function farCase(o: OpDef): string {
  const body = tighten(hotBody(o).trim()).replace(/\{ at = ([^;]+); break; \}/g, "return ~($1);");
  return `    case ${FAR_START + caseOf(o.num)}: { ${body} return pc + ${o.words} | 0; } // ${o.name}`;
}

function coldCase(o: OpDef): string {
  const d = instrDef(o.row as Mnemonic);
  const [params] = d.type as Plain;
  return `    case ${o.num}: { ${compute(
    d,
    "d",
    ["a", "b"].slice(0, params.length).map((index) => ({ at: index })),
  )} return; } // ${o.name}`;
}

/** Names of numerics functions used by `text`. */
const numericsIn = (text: string): string[] => [...new Set(text.match(/\b[if](32|64)_\w+(?=\()/g) ?? [])].sort();

const resume = `
  let at = 0, pc = act.pc | 0, fp = act.fp | 0, csp = act.csp | 0, fuel = act.fuel | 0, exit = 0;
  try {
    run: for (;;) {
      const w = code[pc];
      switch (w >>> 24) {`;

const prologue = `/** Runs flat code until something needs the driver; returns why (see exit.ts). State is in \`act\` before and after. */
export function run(act: Run): number {
  const { I, F32, F64, B, calls, frameEnd, callEnd } = act.stack;
  const inst = act.inst;
  const code = inst.code.words, dv = inst.view, G = inst.globalWords, tables = inst.tables;${resume}`;

const residentPrologue = `/** As \`run\`, of an activation whose frames and code are resident: V8 has the arrays that are closed over in its code. */
export const runResident = over(residentViews, residentCalls, residentCode.words);

/** Called once: V8 takes for constants what belongs to the only closure of a function. */
function over(views: Views, theCalls: Int32Array, theCode: Int32Array): (act: Run) => number {
  const { I: theI, F32: theF32, F64: theF64, B: theB } = views;
  return function dispatch(act: Run): number {
  const I = theI, F32 = theF32, F64 = theF64, B = theB, calls = theCalls, code = theCode;
  const { frameEnd, callEnd } = act.stack;
  const inst = act.inst;
  const dv = inst.view, G = inst.globalWords, tables = inst.tables;${resume}`;

const epilogue = `        default: {
          const o = w;
          if (o < ${INSTANCE_START}) { cold(o, act.stack, fp + code[pc + 1] | 0, fp + code[pc + 2] | 0, fp + code[pc + 3] | 0); pc = pc + 4 | 0; continue; }
          if (o >= ${FAR_START}) {
            const next = far(o, act, dv, pc, fp) | 0;
            if (next < 0) { at = ~next; break; }
            pc = next;
            continue;
          }
          if (o >= ${VECTOR_START}) { pc = vector(act, o, pc, fp) | 0; continue; }
          if (o >= ${DRIVER_START} && o < ${GC_START}) { exit = o; break run; }
          const { stack } = act;
          stack.extra = 0;
          const next = (o >= ${GC_START} ? gcOp(stack, inst, o, pc, fp) : instanceOp(act, o, pc, fp)) | 0;
          fuel -= stack.extra;
          if (next < 0) { pc = ~next; exit = 6; break run; }
          pc = next;
          // Bulk operations in a row cost more than 32 bits hold: what is spent is counted now.
          if (fuel < -${2 ** 29}) { exit = 6; break run; }
          continue;
        }
      }
      // Backward branches are safepoints. In a sequence \`pc\` may be before the place that is jumped to.
      const t = code[at];
      fuel = fuel - code[at + 1 | 0] | 0;
      if (t <= at && fuel < 0) { pc = t; exit = 1; break run; }
      pc = t;
    }
  } catch (error) {
    act.pc = pc; act.fp = fp; act.csp = csp; act.fuel = fuel;
    if (isStale(error, dv, inst)) return 6;
    act.pc = pc + failsAfter(code[pc]) | 0;
    throw fault(error);
  }
  act.pc = pc; act.fp = fp; act.csp = csp; act.fuel = fuel;
  return exit;
}`;

/**
 * Says of the registers' arithmetic that it stays in 32 bits, so that V8 keeps them untagged and checks no overflow.
 * Bench: loop kernels (15 to 20 %).
 */
function tighten(text: string): string {
  return text
    .replace(/code\[pc \+ (\d+)\]/g, "code[pc + $1 | 0]")
    .replace(/fp \+ (code\[pc \+ \d+ \| 0\])(?! \|)/g, "(fp + $1 | 0)")
    .replace(/fp \+ (\(w\d* (?:>>|<<) \d+ & 510\))(?! \|)/g, "(fp + $1 | 0)")
    .replace(/\bat = ([^;]+);/g, "at = $1 | 0;")
    .replace(/\b(pc|fp) ([+-])= ([^;]+);/g, "$1 = $1 $2 ($3) | 0;")
    .replace(/calls\[csp\+\+\] = ([^;]+);/g, "calls[csp] = $1 | 0; csp = csp + 1 | 0;")
    .replace(/pc = calls\[--csp\];/g, "csp = csp - 1 | 0; pc = calls[csp];")
    .replace(/\bfuel -= ([^;]+);/g, "fuel = fuel - ($1) | 0;")
    .replace(/\b(?:Math|BigInt)\.(imul|fround|sqrt|asIntN)\b/g, "$1")
    .replace(/\bBigInt\(/g, "bigInt(");
}

const hotOps = ops.filter((o) => caseOf(o.num) !== 0);
const hotText = (): string => tighten(hotOps.map(hotCase).join("\n"));

const head = (
  names: readonly string[],
): string => `/** Generated by \`npm run gen\` from instrs.ts, interpret/ops.ts and gen/bodies.ts. Do not edit. */
import { ${names.join(", ")} } from "../numerics.ts";
import type { FuncInst } from "../runtime/func.ts";
`;

const shorter = `// A name of its own is shorter in bytecode than a property, and what V8 makes of a case that has not run yet is a call.
const { imul, fround, sqrt } = Math;
const { asIntN } = BigInt;
const bigInt = BigInt;
`;

/** The whole of `interpret/resident.gen.ts`: the hot switch for what is resident. */
export function residentText(): string {
  const hot = hotText();
  return `${head(numericsIn(hot))}import { residentCalls, residentCode, residentViews, type Views } from "../runtime/resident.ts";
import { cold, far } from "./dispatch.gen.ts";
import { failsAfter } from "./fuse.ts";
import { gcOp } from "./gc-ops.ts";
import { instanceOp } from "./instance-ops.ts";
import { vector } from "./simd.gen.ts";
import { fault, isStale, type Run } from "./stack.ts";

${shorter}
${residentPrologue}
${hot}
${epilogue};
}
`;
}

/** The whole of `interpret/dispatch.gen.ts`. */
export function dispatchText(): string {
  const hot = hotText();
  const far = hotOps.filter((o) => o.cls !== "fused" && packedWords(o).length > 0).map(farCase);
  const cold = ops.filter((o) => o.cls === "coldNumeric").map(coldCase);
  const groups = [0, 1].map((g) => cold.slice(g * Math.ceil(cold.length / 2), (g + 1) * Math.ceil(cold.length / 2)));
  const first = ops.filter((o) => o.cls === "coldNumeric")[groups[0]?.length ?? 0]?.num ?? 0;
  const coldFuncs = groups
    .map(
      (g, i) =>
        `function cold${i}(o: number, { I, F32, F64, B }: FrameStack, d: number, a: number, b: number): void {\n  switch (o) {\n${g.join("\n")}\n    default:\n      throw new Error(\`no interpreter operation \${o}\`);\n  }\n}`,
    )
    .join("\n\n");
  const names = numericsIn(hot + coldFuncs + far.join(""));
  return `${head(names)}import { failsAfter } from "./fuse.ts";
import { gcOp } from "./gc-ops.ts";
import { instanceOp } from "./instance-ops.ts";
import { vector } from "./simd.gen.ts";
import { fault, type FrameStack, isStale, type Run } from "./stack.ts";

${shorter}
${prologue}
${hot}
${epilogue}

/** Hot operations on slots that are far. */
export function far(o: number, act: Run, dv: DataView, pc: number, fp: number): number {
  const { I, F32, F64, B } = act.stack;
  const { inst } = act, code = inst.code.words, G = inst.globalWords;
  switch (o) {
${far.join("\n")}
    default:
      throw new Error(\`no interpreter operation \${o}\`);
  }
}

/** Numeric operations outside the hot switch, on the word indices of result and operands. */
export function cold(o: number, s: FrameStack, d: number, a: number, b: number): void {
  if (o < ${first}) cold0(o, s, d, a, b);
  else cold1(o, s, d, a, b);
}

${coldFuncs}
`;
}
