/** The optimisations of generated code that can be switched off one by one, to measure them and to find who broke what. */

/** Each with what it does. */
export const passes = {
  width: "one word for an i64 whose upper word nobody wants, or is known",
  target: "an i64 that is loaded for a local goes there at once",
  views: "the views of a memory are in variables of the function",
  split: "loops and cases of functions that V8 leaves alone for their size are functions of their own",
} as const;

export type PassName = keyof typeof passes;

/** Those that are on. */
export type Passes = Readonly<Record<PassName, boolean>>;

export const passNames = Object.keys(passes) as readonly PassName[];

/** All, but those that `choice` turns off. */
export const passesOf = (choice: Partial<Passes> = {}): Passes =>
  Object.fromEntries(passNames.map((name) => [name, choice[name] ?? true])) as Passes;

export const allPasses = passesOf();
