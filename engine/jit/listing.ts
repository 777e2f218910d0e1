/** The JavaScript of one function, for people who want to read it. */
import type { Module } from "../module.ts";
import { Declined } from "./function-text.ts";
import { generate } from "./generate.ts";
import { type Passes, passesOf } from "./passes.ts";

export interface ListingOptions {
  /** The code of guests with limits, which counts fuel and can stop. Default false. */
  readonly isMetered?: boolean | undefined;
  /** Optimisations to leave out. */
  readonly optimise?: Partial<Passes> | undefined;
}

/** Lines of generated code with the offset in the module that each is from; 0: from no instruction. */
export type Listing =
  | { readonly lines: readonly { readonly offset: number; readonly text: string }[] }
  | { readonly declined: string };

/**
 * What function `index` of the index space becomes, or why it stays with the interpreter.
 *
 * @cost O(body)
 */
export function generatedListing(module: Module, index: number, { isMetered, optimise }: ListingOptions = {}): Listing {
  try {
    const { text, offsets } = generate(module, index, { isMetered, passes: passesOf(optimise) });
    return { lines: text.split("\n").map((line, i) => ({ offset: offsets[i] ?? 0, text: line })) };
  } catch (error) {
    if (error instanceof Declined) return { declined: error.reason };
    throw error;
  }
}
