/**
 * Bodies of the interpreter operations that are not derived from a table row: the text of each case of the hot switch.
 *
 * Words of the operation are `code[pc + n]`; `I`, `F32`, `F64` are views of the frame stack; `$n` stands for the frame
 * slot named by word n. A body ends the case itself where control goes elsewhere (`continue`, or `break` to branch), else the generator
 * appends the step to the next operation. `exit = N; break run;` leaves to the driver (see `interpret/exit.ts`).
 */
import { joined } from "./expressions.ts";

/** A taken branch to word `n`, at the cost in the next: what comes after the switch takes it. */
export const jump = (n: number): string => `{ at = pc + ${n}; break; }`;
const address = (a: string, off: string): string => `(${a} >>> 0) + ${off}`;
/** By words, since V8 11.3 makes an object for `setBigInt64`. The high one first: a store that is partly out of bounds writes nothing. */
const store64 = (a: string): string =>
  `const a = ${a}, v = fp + code[pc + 2]; dv.setInt32(a + 4, I[v + 1], true); dv.setInt32(a, I[v], true);`;
const load64 = (a: string): string =>
  `const a = ${a}; $w1 = ${joined("dv.getInt32(a, true)", "dv.getInt32(a + 4, true)")};`;

export const bodies: Readonly<Record<string, string>> = {
  enter: `
    const top = fp + code[pc + 1];
    if (top > frameEnd || csp > callEnd || fuel < 0) { exit = 2; break run; }
    for (let k = fp + code[pc + 2], e = fp + code[pc + 3]; k < e; k++) I[k] = 0;`,
  enter_consts: `
    const top = fp + code[pc + 1], n = code[pc + 4];
    if (top > frameEnd || csp > callEnd || fuel < 0) { exit = 2; break run; }
    const e = fp + code[pc + 3];
    for (let k = fp + code[pc + 2]; k < e; k++) I[k] = 0;
    for (let k = 0; k < n; k++) I[e + k] = code[pc + 5 + k];
    pc += 5 + n;
    continue;`,
  charge: "fuel -= code[pc + 1];",
  br: jump(1),
  br_nz: `if ($1 !== 0) ${jump(2)}`,
  br_z: `if ($1 === 0) ${jump(2)}`,
  add_br_nz: `const v = $2 + code[pc + 3] | 0; $1 = v; if (v !== 0) ${jump(4)}`,
  add_br_ne: `const v = $2 + code[pc + 3] | 0; $1 = v; if (v !== $4) ${jump(5)}`,
  br_table: `
    const n = code[pc + 2], i = $1 >>> 0;
    at = pc + 3 + ((i < n ? i : n) << 1);
    break;`,
  call: "calls[csp++] = pc + 5; fuel -= code[pc + 3]; fp += code[pc + 4]; pc = code[pc + 1]; continue;",
  call_import: "exit = 4; break run;",
  call_indirect: `
    const f = tables[code[pc + 2]].elems[$1 >>> 0] as FuncInst | null | undefined;
    if (f !== undefined && f !== null && f.typeId === code[pc + 3] && f.inst === inst && f.entry >= 0) {
      calls[csp++] = pc + 6; fuel -= code[pc + 4]; fp += code[pc + 5]; pc = f.entry | 0; continue;
    }
    exit = 5; break run;`,
  call_ref: `
    const f = act.stack.refs[(fp + code[pc + 1]) >> 1] as FuncInst | null | undefined;
    if (f !== undefined && f !== null && f.inst === inst && f.entry >= 0) {
      calls[csp++] = pc + 4; fuel -= code[pc + 2]; fp += code[pc + 3]; pc = f.entry | 0; continue;
    }
    exit = 5; break run;`,
  return_call: "fuel -= code[pc + 3]; pc = code[pc + 1]; continue;",
  ret: "fuel -= code[pc + 1]; pc = calls[--csp]; if (pc < 0) { exit = 0; break run; } fp -= code[pc - 1]; continue;",
  ret1: `
    const s = fp + code[pc + 1];
    B[fp >> 1] = BigInt.asIntN(64, B[s >> 1]);
    fuel -= code[pc + 2];
    pc = calls[--csp];
    if (pc < 0) { exit = 0; break run; }
    fp -= code[pc - 1];
    continue;`,
  copy32: "$1 = $2;",
  copy32_2: "$1 = $2; $3 = $4;",
  // Bench: gcd64, sha512: what takes 64 bits at once waits for two stores of 32.
  copy64: "$w1 = BigInt.asIntN(64, $w2);",
  const32: "$1 = code[pc + 2];",
  const64: `$w1 = ${joined("code[pc + 2]", "code[pc + 3]")};`,
  select32: "$1 = $4 !== 0 ? $2 : $3;",
  select64: "const s = fp + code[$4 !== 0 ? pc + 2 : pc + 3]; $w1 = BigInt.asIntN(64, B[s >> 1]);",
  "global.get32": "$1 = G[code[pc + 2]];",
  "global.get64": `const g = code[pc + 2]; $w1 = ${joined("G[g]", "G[g + 1]")};`,
  "global.set32": "G[code[pc + 1]] = $2;",
  "global.set64": "const g = code[pc + 1], s = fp + code[pc + 2]; G[g] = I[s]; G[g + 1] = I[s + 1];",
  load32: `$1 = dv.getInt32(${address("$2", "code[pc + 3]")}, true);`,
  load64: load64(address("$2", "code[pc + 3]")),
  load8_s: `$1 = dv.getInt8(${address("$2", "code[pc + 3]")});`,
  load8_u: `$1 = dv.getUint8(${address("$2", "code[pc + 3]")});`,
  load16_s: `$1 = dv.getInt16(${address("$2", "code[pc + 3]")}, true);`,
  load16_u: `$1 = dv.getUint16(${address("$2", "code[pc + 3]")}, true);`,
  load32_s64: `$w1 = BigInt(dv.getInt32(${address("$2", "code[pc + 3]")}, true));`,
  load32_u64: `$w1 = BigInt(dv.getInt32(${address("$2", "code[pc + 3]")}, true) >>> 0);`,
  store32: `dv.setInt32(${address("$1", "code[pc + 3]")}, $2, true);`,
  store64: store64(address("$1", "code[pc + 3]")),
  store8: `dv.setInt8(${address("$1", "code[pc + 3]")}, $2);`,
  store16: `dv.setInt16(${address("$1", "code[pc + 3]")}, $2, true);`,
  load32_at: "$1 = dv.getInt32(code[pc + 2], true);",
  load32_sum: "$1 = dv.getInt32($2 + code[pc + 3] >>> 0, true);",
  load64_sum: load64("$2 + code[pc + 3] >>> 0"),
  load8_u_sum: "$1 = dv.getUint8($2 + code[pc + 3] >>> 0);",
  store32_sum: "dv.setInt32($1 + code[pc + 3] >>> 0, $2, true);",
  store64_sum: store64("$1 + code[pc + 3] >>> 0"),
  store8_sum: "dv.setInt8($1 + code[pc + 3] >>> 0, $2);",
  store32_at: "dv.setInt32(code[pc + 1], $2, true);",
  load32_add: `$1 = dv.getInt32(${address("($2 + $3)", "code[pc + 4]")}, true);`,
  load8_u_add: `$1 = dv.getUint8(${address("($2 + $3)", "code[pc + 4]")});`,
  load64_add: load64(address("($2 + $3)", "code[pc + 4]")),
  "i32.add_shl": "$1 = $2 + ($3 << code[pc + 4]) | 0;",
};

/** Replaces `$n` by the frame slot of word n, `$wn` by all of it. */
export const slots = (text: string): string =>
  text.replace(/\$(\d)(?![lh\d])/g, "I[fp + code[pc + $1]]").replace(/\$w(\d)/g, "B[(fp + code[pc + $1]) >> 1]");
