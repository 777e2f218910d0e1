/** The terminal of an interactive guest: raw mode while it runs, and how large the window is. */
import { isatty, ReadStream, WriteStream } from "node:tty";

/**
 * Each key reaches the guest as it is typed, Ctrl-C too, and is not echoed, until what is returned is called. Where
 * standard input is no terminal, nothing is done. Node.js restores the terminal when the process ends by itself or by a
 * signal that can be caught.
 */
export function enterRawMode(): () => void {
  if (!isatty(0)) return () => undefined;
  const terminal = new ReadStream(0).setRawMode(true).unref();
  return () => void terminal.setRawMode(false);
}

/** `COLUMNS` and `LINES` as programs expect them; nothing without a terminal that knows its size. */
export function windowSize(): Record<string, string> {
  const fd = [1, 2].find((each) => isatty(each));
  if (fd === undefined) return {};
  const [columns, lines] = new WriteStream(fd).getWindowSize();
  return columns > 0 && lines > 0 ? { COLUMNS: String(columns), LINES: String(lines) } : {};
}
