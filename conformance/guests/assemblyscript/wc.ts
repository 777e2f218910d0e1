// wc: reads stdin to the end and prints "BYTES LINES WORDS ADLER32".
import { exit, fail, hex, print, read } from "./wasi";

const buffer = new StaticArray<u8>(10000);
let bytes: u64 = 0, lines: u64 = 0, words: u64 = 0;
let a: u32 = 1, b: u32 = 0;
let inWord = false;
while (true) {
  const got = read(0, changetype<usize>(buffer), buffer.length);
  if (got < 0) fail("wc: cannot read");
  if (got == 0) break;
  bytes += got;
  for (let i = 0; i < got; i++) {
    const byte = unchecked(buffer[i]);
    const space = byte == 32 || (byte >= 9 && byte <= 13);
    if (byte == 10) lines++;
    if (!space && !inWord) words++;
    inWord = !space;
    a = (a + byte) % 65521;
    b = (b + a) % 65521;
  }
}
print(bytes.toString() + " " + lines.toString() + " " + words.toString() + " " + hex((b << 16) | a) + "\n");
exit(0);
