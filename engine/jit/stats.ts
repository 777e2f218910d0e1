/** What a tier has done for one instance: what `--stats` prints. */

export class TierStats {
  /** Functions compiled, and loops with a way into them. */
  functions = 0;
  loops = 0;
  /** Bytes of the function bodies compiled, and characters of JavaScript made of them. */
  bytes = 0;
  characters = 0;
  /** How often a function was left to the interpreter, by reason. */
  readonly declined = new Map<string, number>();

  decline(reason: string): void {
    this.declined.set(reason, (this.declined.get(reason) ?? 0) + 1);
  }
}
