/**
 * Tail calls. A function that calls itself comes round in a loop around its body; other calls go by way of `tail.ts`.
 * Metered code calls functions of the host itself, as they may have to wait, and its frame must be there then.
 */
import { funcTypeAt } from "../module.ts";
import { type FunctionText, NotBig } from "./function-text.ts";
import { ANY } from "./operand.ts";
import { type Callee, noVectors } from "./rules-call.ts";
import { escapeTo, NO_BLOCK } from "./rules-exceptions.ts";
import { zeroOf } from "./values.ts";

/** The loop around the body of a function that calls itself. */
export const SELF_LOOP = "S:for(;;){";

export function returnCall(f: FunctionText): void {
  const idx = f.reader.u32();
  const type = funcTypeAt(f.module, f.module.funcTypes[idx]);
  noVectors(type);
  if (idx === f.index && f.entry === undefined) return callSelf(f);
  f.pending.flush(ANY);
  const args = f.popArguments(type.params);
  const callee = f.env.callee(idx);
  if (f.fuel !== undefined && idx < f.module.importedFuncs) callHost(f, callee, args, []);
  else leave(f, callee, args);
  f.isDead = true;
}

export function returnCallThrough(f: FunctionText, { name, args, more }: Callee): void {
  if (f.fuel !== undefined) {
    f.out.line(`if(${f.env.helper("isHost")}(${name})){`);
    callHost(f, name, args, more);
    f.out.line("}");
  }
  leave(f, name, args);
  f.isDead = true;
}

/** The parameters get new values, all other locals none, and the function starts again: where it can stop. */
function callSelf(f: FunctionText): void {
  if (f.bigs !== undefined) throw new NotBig();
  const { pending, out, locals, type } = f;
  pending.flush(ANY);
  const words = f.popArguments(type.params);
  const names = f.localNames.flat();
  const temps = words.map((word, i) => (word === names[i] ? word : pending.name(pending.temp())));
  out.line(words.map((word, i) => (word === temps[i] ? "" : `${temps[i]}=${word};`)).join(""));
  out.line(temps.map((temp, i) => (temp === names[i] ? "" : `${names[i]}=${temp};`)).join(""));
  locals.forEach((t, i) => {
    if (i >= type.params.length) out.line(f.localNames[i].map((name) => `${name}=${zeroOf(t)};`).join(""));
  });
  out.line(`${f.tries === 0 ? "" : f.activate(0)}${f.fuel?.startAgain() ?? ""}continue S;`);
  f.callsSelf = true;
  f.isDead = true;
}

/** Nothing of the function is left but its caller's trampoline, or its own. */
function leave(f: FunctionText, callee: string, args: readonly string[]): void {
  f.hasTailCalls = true;
  f.hasCalls = true;
  escapeAll(f);
  f.out.line(
    `${f.fuel?.leaveByCall() ?? ""}return ${f.env.helper("tailCall")}(v,${callee}.${f.call},[${args.join()}],n);`,
  );
}

function callHost(f: FunctionText, callee: string, args: readonly string[], more: readonly string[]): void {
  f.hasCalls = true;
  escapeAll(f);
  f.out.line(f.fuel?.aroundTail(`return ${callee}.metered(${[...args, "n"].join()});`, more) ?? "");
}

/** What the callee throws is for no handler of the function, which is no longer there. */
function escapeAll(f: FunctionText): void {
  if (f.labels.some((label) => label.attempt !== undefined)) f.out.line(escapeTo(f, NO_BLOCK) + f.activate(0));
}
