/** What a tier has done for one instance: what `--stats` prints. */

export class TierStats {
  /** Functions compiled, and loops with a way into them. */
  functions = 0;
  loops = 0;
  /** Bytes of the function bodies compiled, and characters of JavaScript made of them. */
  bytes = 0;
  characters = 0;
  /** Texts that other processes had made. */
  kept = 0;
  /** How often a function was left to the interpreter, by reason. */
  readonly declined = new Map<string, number>();

  /** Loops and cases that became functions of their own; loops that stayed in functions too large for V8, by reason. */
  split = 0;
  readonly unsplit = new Map<string, number>();

  decline(reason: string): void {
    add(this.declined, reason);
  }

  /** A text was made of so many characters, with so many parts taken out; other loops stayed for these `reasons`. */
  made(characters: number, parts: number, reasons: readonly string[]): void {
    this.characters += characters;
    this.split += parts;
    for (const reason of reasons) add(this.unsplit, reason);
  }
}

const add = (counts: Map<string, number>, reason: string): void => {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
};
