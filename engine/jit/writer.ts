/**
 * Lines of generated JavaScript, each with the byte offset in the module that it comes from. A line can be replaced
 * later, by its number; nothing is ever searched or copied, so that writing is linear. Knows no WebAssembly.
 */
export class Writer {
  readonly lines: string[] = [];
  /** Of each line, absolute. */
  readonly offsets: number[] = [];
  /** Offset of the instruction that is being written. */
  at = 0;
  /** Nothing is written: code that cannot run where this function is entered. */
  isMuted = false;

  /** Writes one line; its number, which `replace` takes (-1 when muted). */
  line(text: string): number {
    if (this.isMuted) return -1;
    this.offsets.push(this.at);
    return this.lines.push(text) - 1;
  }

  replace(line: number, text: string): void {
    if (line >= 0) this.lines[line] = text;
  }

  /** Everything written. @cost O(characters) */
  text(): string {
    return this.lines.join("\n");
  }
}
