/**
 * Guest functions in the stack of a JavaScript error. Generated functions are called `f<index>`, or
 * `f<index>_<offset>` when entered at a loop, with an `m` behind if they count fuel and an `s` if they were large and got
 * parts, and their texts `wasmts:<name of the source>`; lines lead to offsets.
 * With `x<number>` behind it is a loop of that function, which has called it (`outline.ts`): one frame of the guest.
 *
 * A line may be several instructions, as expressions wait for who needs them: its offset is that of the instruction it was
 * written for, if that may fail or calls, else of the first operand that may. Code that counts fuel has a line for each.
 *
 * An error passes through generated code in stretches, with frames of the interpreter or the host in between: each
 * stretch ends at the function `e` through which the interpreter had entered it, and is asked for once, innermost first.
 */
import type { BacktraceFrame } from "../errors.ts";
import type { Module } from "../module.ts";
import { plainStack } from "../stack-text.ts";

interface Source {
  readonly module: Module;
  /** The offset in the module of what fails in a line of a text, counted from 1 in the source that V8 has; 0: unknown. */
  causeAt(
    func: number,
    kind: { readonly loop: number | undefined; readonly isMetered: boolean; readonly isDeferred: boolean },
    line: number,
  ): number;
}

/** By name. Those of one name say the same. */
const sources = new Map<string, WeakRef<Source>[]>();
const forgotten = new FinalizationRegistry<string>(forget);
let next = 1;

/** A name for the texts of `source`, which may have one. */
export function register(source: Source, name = `${next++}`): string {
  const named = sources.get(name) ?? [];
  sources.set(name, [...named, new WeakRef(source)]);
  forgotten.register(source, name);
  return name;
}

function forget(name: string): void {
  const left = (sources.get(name) ?? []).filter((source) => source.deref() !== undefined);
  if (left.length === 0) sources.delete(name);
  else sources.set(name, left);
}

function sourceOf(name: string | undefined): Source | undefined {
  for (const source of sources.get(name ?? "") ?? []) {
    const found = source.deref();
    if (found !== undefined) return found;
  }
  return undefined;
}

const FRAME = /^ +at (?:\S+\.)?f(\d+)(?:_(\d+))?([ms])?(?:x(\d+))?(?: \[as \w+\])? \(wasmts:(\w+):(\d+):\d+\)$/;
const BOUNDARY = /^ +at (?:\S+\.)?e(?: \[as \w+\])? \(wasmts:/;
/** Stretches of each error that were asked for. */
const passed = new WeakMap<Error, number>();
/** Of errors that came from elsewhere: the stack there. */
const arrivals = new WeakMap<Error, Error>();

/**
 * The host or the interpreter has thrown `error` into generated code: the host may have made it anywhere, and V8 keeps
 * few frames of a stack.
 */
export function arrived(error: unknown): unknown {
  if (error instanceof Error) {
    passed.delete(error);
    arrivals.set(error, new Error());
  }
  return error;
}

export function segmentOf(error: Error): () => readonly BacktraceFrame[] {
  const stretch = passed.get(error) ?? 0;
  passed.set(error, stretch + 1);
  const stack = plainStack(arrivals.get(error) ?? error);
  return () => framesIn(stack, stretch);
}

function framesIn(stack: string, stretch: number): BacktraceFrame[] {
  const frames: BacktraceFrame[] = [];
  let at = 0;
  let isInLoop = false;
  for (const line of stack.split("\n")) {
    if (BOUNDARY.test(line)) at++;
    if (at > stretch) break;
    const match = at === stretch ? FRAME.exec(line) : null;
    if (match === null) continue;
    if (!isInLoop) frames.push(...describe(match.slice(1)));
    isInLoop = match[4] !== undefined;
  }
  return frames;
}

/**
 * The guest function that a profiler saw as `name` in the text `url`; undefined if that is no generated code, or of a
 * module that is gone.
 */
export function guestFunction(url: string, name: string): Omit<BacktraceFrame, "offset"> | undefined {
  const func = /^f(\d+)(?:_\d+)?[ms]?(?:x\d+)?$/.exec(name)?.[1];
  const source = func === undefined ? undefined : sourceOf(/^wasmts:(\w+)$/.exec(url)?.[1]);
  return source === undefined ? undefined : { func: Number(func), name: source.module.names.funcs.get(Number(func)) };
}

function describe([func, loop, form, _, id, line]: readonly (string | undefined)[]): BacktraceFrame[] {
  const source = sourceOf(id);
  if (source === undefined) return [];
  const index = Number(func);
  const kind = {
    loop: loop === undefined ? undefined : Number(loop),
    isMetered: form === "m",
    isDeferred: form !== "s",
  };
  const offset = source.causeAt(index, kind, Number(line));
  return [{ func: index, name: source.module.names.funcs.get(index), offset }];
}
