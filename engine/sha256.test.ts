/** SHA-256 against the host's own, at every length around a block, whole and in pieces. */
import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { hex, Sha256, sha256 } from "./sha256.ts";

const bytesOf = (length: number): Uint8Array => Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
const theirs = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

test("every length up to three blocks", () => {
  for (let n = 0; n <= 192; n++) expect(hex(sha256(bytesOf(n))), `${n} bytes`).toBe(theirs(bytesOf(n)));
});

test("pieces of any size, and on after a digest", () => {
  const bytes = bytesOf(100_000);
  const hash = new Sha256();
  for (let at = 0, n = 1; at < bytes.length; at += n, n = (n * 7) % 1013) {
    hash.update(bytes.subarray(at, at + n));
    if (n % 5 === 0) hash.digest();
  }
  expect(hex(hash.digest())).toBe(theirs(bytes));
});

test("saved after any number of bytes, it goes on elsewhere", () => {
  const bytes = bytesOf(500);
  for (let n = 0; n <= 200; n++) {
    const saved = new Sha256().update(bytes.subarray(0, n)).save();
    const again = Sha256.from(Uint8Array.of(0, ...saved).subarray(1));
    expect(hex(again!.update(bytes.subarray(n)).digest()), `${n} bytes`).toBe(theirs(bytes));
    expect(Sha256.from(saved.subarray(0, saved.length - 1))).toBeUndefined();
    expect(Sha256.from(Uint8Array.of(...saved, 0))).toBeUndefined();
  }
  expect(Sha256.from(new Uint8Array(40).fill(0xff))).toBeUndefined();
});

test("saved at a length beyond 4 GiB", () => {
  const saved = new Sha256().save();
  saved[35] = 3;
  expect(Sha256.from(saved)!.save()).toEqual(saved);
});
