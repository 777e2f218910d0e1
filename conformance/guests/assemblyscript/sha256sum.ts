// sha256sum [FILE...]: "HEX  NAME" per file (none: stdin, named "-").
import { args, close, eprint, errnoText, exit, flush, hex, lastErrno, openFile, print, read } from "./wasi";

const K: StaticArray<u32> = [
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5, 0xd807aa98, 0x12835b01, 0x243185be,
  0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174, 0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa,
  0x5cb0a9dc, 0x76f988da, 0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967, 0x27b70a85,
  0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85, 0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3,
  0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070, 0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f,
  0x682e6ff3, 0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
];
const initial: StaticArray<u32> = [0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19];
const h = new StaticArray<u32>(8);
const w = new StaticArray<u32>(64);

function block(p: usize): void {
  for (let i = 0; i < 16; i++) unchecked((w[i] = bswap<u32>(load<u32>(p + 4 * i))));
  for (let i = 16; i < 64; i++) {
    const x = unchecked(w[i - 15]);
    const y = unchecked(w[i - 2]);
    const s0 = rotr<u32>(x, 7) ^ rotr<u32>(x, 18) ^ (x >> 3);
    const s1 = rotr<u32>(y, 17) ^ rotr<u32>(y, 19) ^ (y >> 10);
    unchecked((w[i] = w[i - 16] + s0 + w[i - 7] + s1));
  }
  let a = h[0], b = h[1], c = h[2], d = h[3], e = h[4], f = h[5], g = h[6], last = h[7];
  for (let i = 0; i < 64; i++) {
    const s1 = rotr<u32>(e, 6) ^ rotr<u32>(e, 11) ^ rotr<u32>(e, 25);
    const t1 = last + s1 + ((e & f) ^ (~e & g)) + unchecked(K[i]) + unchecked(w[i]);
    const s0 = rotr<u32>(a, 2) ^ rotr<u32>(a, 13) ^ rotr<u32>(a, 22);
    const t2 = s0 + ((a & b) ^ (a & c) ^ (b & c));
    last = g; g = f; f = e; e = d + t1;
    d = c; c = b; b = a; a = t1 + t2;
  }
  h[0] += a; h[1] += b; h[2] += c; h[3] += d; h[4] += e; h[5] += f; h[6] += g; h[7] += last;
}

const size: i32 = 64 * 256;
const buffer = new StaticArray<u8>(size);
const at = changetype<usize>(buffer);
const tail = memory.data(128, 8);

function sum(fd: i32, name: string): bool {
  for (let i = 0; i < 8; i++) h[i] = initial[i];
  let total: u64 = 0;
  let held = 0;
  while (true) {
    const got = read(fd, at + held, size - held);
    if (got < 0) {
      eprint("sha256sum: " + name + ": " + errnoText(lastErrno) + "\n");
      return false;
    }
    if (got == 0) break;
    total += got;
    held += got;
    const whole = held & ~63;
    for (let i = 0; i < whole; i += 64) block(at + i);
    memory.copy(at, at + whole, held - whole);
    held -= whole;
  }
  memory.fill(tail, 0, 128);
  memory.copy(tail, at, held);
  store<u8>(tail + held, 0x80);
  const end = held < 56 ? 64 : 128;
  store<u64>(tail + end - 8, bswap<u64>(total * 8));
  for (let i = 0; i < end; i += 64) block(tail + i);
  for (let i = 0; i < 8; i++) print(hex(h[i]));
  print("  " + name + "\n");
  return true;
}

const list = args();
let ok = true;
if (list.length == 1) ok = sum(0, "-");
for (let i = 1; i < list.length; i++) {
  const fd = openFile(list[i]);
  if (fd < 0) {
    flush();
    eprint("sha256sum: " + list[i] + ": " + errnoText(lastErrno) + "\n");
    ok = false;
    continue;
  }
  if (!sum(fd, list[i])) ok = false;
  close(fd);
}
exit(ok ? 0 : 1);
