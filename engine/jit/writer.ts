/**
 * Lines of generated JavaScript, each with the byte offset in the module that it comes from. A line can be replaced
 * later, by its number; nothing is ever searched or copied, so that writing is linear. Knows no WebAssembly.
 */
export class Writer {
  readonly lines: string[] = [];
  /** Of each line, absolute. */
  readonly offsets: number[] = [];
  /** Where a failure in each line is. */
  readonly causes: number[] = [];
  /** Offset of the instruction that is being written. */
  at = 0;
  /** Offset of the first instruction that may fail of those written with the next line; -1: there is none. */
  cause = -1;
  /** Nothing is written: code that cannot run where this function is entered. */
  isMuted = false;
  /** Comes before the next line. */
  prefix = "";
  /** Some line has one. */
  hasPrefix = false;

  /** Writes one line; its number, which `replace` takes (-1 when muted). */
  line(text: string): number {
    if (this.isMuted) return -1;
    this.offsets.push(this.at);
    this.causes.push(this.cause < 0 ? this.at : this.cause);
    if (this.prefix === "") return this.lines.push(text) - 1;
    const line = this.prefix + text;
    this.prefix = "";
    this.hasPrefix = true;
    return this.lines.push(line) - 1;
  }

  /** The number that `line` will give. */
  get nextLine(): number {
    return this.isMuted ? -1 : this.lines.length;
  }

  /** Puts `text` where `mark` is in a line. */
  fill(line: number, mark: string, text: string): void {
    if (line >= 0) this.lines[line] = this.lines[line].replace(mark, text);
  }

  replace(line: number, text: string): void {
    if (line >= 0) this.lines[line] = text;
  }

  /** Characters written, and ends of lines. @cost O(lines) */
  get length(): number {
    return this.lines.reduce((sum, line) => sum + line.length + 1, 0);
  }
}
