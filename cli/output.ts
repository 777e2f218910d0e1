/**
 * Our own writing to stdout and stderr: at once, without streams, and quiet when nobody reads any more.
 *
 * `process.stdout` would cost start-up time and could be cut off at exit. What guests write goes through WASI.
 */
import { writeSync } from "node:fs";

const stdout = 1;
const stderr = 2;

export const print = (text: string): void => writeAll(stdout, `${text}\n`);
export const printError = (text: string): void => writeAll(stderr, `${text}\n`);

function writeAll(fd: number, text: string): void {
  let rest = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(fd, rest));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
    }
  }
}
