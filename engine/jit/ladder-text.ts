/**
 * A ladder (`ladders.ts`) as one `switch`: each block's end is a `case`, and what is behind it the code of that case,
 * which falls into the next as the code behind one end runs into the next end.
 *
 *     block block block                      L1:switch(i){
 *       local.get i  br_table 0 1 2
 *     end                                    case 0:
 *       a                                      a
 *     end                        ──►         case 1:
 *       b                                      b
 *     end                                    default:}
 *
 * Other branches to an end, except the last, which is `break`, go by way of a variable: `w=1;continue L1;`, and the
 * `switch` is in a loop. No such loop ever comes round without going on in the function, so nothing need stop in it.
 *
 * In a function that is entered inside the ladder, that place is a case of its own, -1.
 */
import { type FunctionText, makeLabel } from "./function-text.ts";
import { endGuard, onWay, startGuard } from "./guard.ts";
import type { Ladder } from "./ladders.ts";

/** A ladder while it is written. */
export interface Rungs {
  readonly ladder: Ladder;
  readonly name: string;
  /** Where a branch goes. */
  readonly variable: string;
  /** The `switch` is in a loop. */
  readonly isLoop: boolean;
  /** The function is entered inside. */
  readonly isOnWay: boolean;
  /** Case numbers of branches other than the table's are above those of the table. */
  firstJump: number;
  /** The table is to come. */
  isAwaiting: boolean;
}

/** What a label that is the end of a rung knows. */
export interface Rung {
  readonly of: Rungs;
  /** From 1, the outermost. */
  readonly number: number;
  readonly cases: number[];
  isDefault: boolean;
  /** Something other than the table branches here. */
  isJumpedTo: boolean;
}

const EMPTY_TYPE = { params: [], results: [] };

/** Opens all blocks of `ladder`, whose first opcode has been read. */
export function openLadder(f: FunctionText, ladder: Ladder): void {
  f.pending.settleAll();
  const name = `L${f.labels.length}`;
  const isOnWay = onWay(f) !== undefined;
  const rungs: Rungs = {
    ladder,
    name,
    variable: `w${f.labels.length}`,
    isLoop: ladder.hasJumps || !ladder.hasTable,
    isOnWay,
    firstJump: 0,
    isAwaiting: ladder.hasTable,
  };
  if (isOnWay) endGuard(f);
  for (let number = 1; number <= ladder.count; number++) {
    if (number > 1) f.reader.opcode();
    f.reader.u8();
    const rung: Rung = { of: rungs, number, cases: [], isDefault: false, isJumpedTo: false };
    f.labels.push({ ...makeLabel(f, "block", EMPTY_TYPE), name, rung });
  }
  f.nesting += 2;
  if (!ladder.hasTable) writeHead(f, rungs, "0");
  else if (isOnWay) startGuard(f);
}

/** The table of a ladder is being written. */
export function awaitedTable(f: FunctionText): Rungs | undefined {
  const of = f.labels[f.labels.length - 1].rung?.of;
  return of?.isAwaiting === true ? of : undefined;
}

/** Goes to the case `index`, one of `count` or anything, and begins with case 0. */
export function openTable(f: FunctionText, rungs: Rungs, index: string, count: number): void {
  rungs.isAwaiting = false;
  rungs.firstJump = count;
  if (!rungs.isLoop && !rungs.isOnWay) return writeHead(f, rungs, index);
  f.dispatches.add(rungs.variable);
  f.out.line(`${rungs.variable}=${index};`);
  // Anything else must be no number that a branch has.
  f.out.line(`if(${rungs.variable}>>>0>=${count})${rungs.variable}=-2;`);
  if (rungs.isOnWay) endGuard(f);
  writeHead(f, rungs, rungs.variable);
}

function writeHead(f: FunctionText, rungs: Rungs, from: string): void {
  const { name, variable, isLoop, isOnWay } = rungs;
  // Without a guard nothing before the entry is there.
  const start = !isOnWay ? from : f.isGuarding ? `o?-1:${from}` : "-1";
  if (isLoop) {
    f.dispatches.add(variable);
    f.out.line(`${start === variable ? "" : `${variable}=${start};`}${name}:for(;;){switch(${variable}){`);
  } else f.out.line(`${name}:switch(${start}){`);
  if (isOnWay) startGuard(f, "case");
  if (!rungs.ladder.hasTable) f.out.line("case 0:");
}

/** Number of the case that a branch other than the table's takes. */
const jumpCase = ({ of, number }: Rung): number => of.firstJump + number;

/** Goes to the end of a rung. */
export function leaveRung(rung: Rung): string {
  const { name, variable } = rung.of;
  if (rung.number === 1) return `break ${name};`;
  rung.isJumpedTo = true;
  return `${variable}=${jumpCase(rung)};continue ${name};`;
}

/** Writes the end of `rung`. */
export function endRung(f: FunctionText, rung: Rung): void {
  const cases = rung.cases.map((n) => `case ${n}:`);
  if (rung.isJumpedTo) cases.push(`case ${jumpCase(rung)}:`);
  if (rung.isDefault) cases.push("default:");
  if (cases.length > 0) f.out.line(cases.join(""));
  if (rung.number > 1) return;
  f.out.line(rung.of.isLoop ? "}break;}" : "}");
  f.nesting -= 2;
}
