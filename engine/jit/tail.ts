/**
 * Tail calls of generated code. The call is made by a loop here, the trampoline, when its caller has returned to it: so
 * a chain of tail calls needs the JavaScript stack of one. Who called a function is in the lowest bit of its last
 * parameter, how much of the stack is left, which is even for ordinary calls: 1 means the trampoline.
 */
import type { Val } from "../runtime/value.ts";
import type { GeneratedFn } from "../tier.ts";

/** What the trampoline takes of the JavaScript stack, and for each argument. */
const BYTES = 400;
const ARGUMENT_BYTES = 16;

interface Parked {
  readonly fn: GeneratedFn;
  readonly args: Val[];
}

/** What the trampoline calls next. */
let parked: Parked | undefined;

/**
 * Calls `fn` for a function that gives back what this gives, whatever it is.
 *
 * @param isBouncing 1: it gives it to the trampoline
 */
export function tailCall(isBouncing: number, fn: GeneratedFn, args: Val[], room: number): Val {
  let next: Parked | undefined = { fn, args };
  if (isBouncing === 1) {
    parked = next;
    return undefined;
  }
  for (;;) {
    const words: Val[] = next.args;
    words.push((room - BYTES - ARGUMENT_BYTES * words.length) | 1);
    const result = next.fn(...words);
    next = parked;
    if (next === undefined) return result;
    parked = undefined;
  }
}

/** `room` as ordinary calls pass it on. */
export const evenRoom = (room: Val): number => (room as number) & -2;
