/**
 * SHA-256, for the identity of modules and the integrity of snapshots. The engine imports no `node:crypto`, so that
 * both are the same wherever it runs. Not for secrets: it makes no promise about its timing.
 *
 * Source: FIPS 180-4, sections 4.1.2, 5.1.1 and 6.2.
 */

/** The first 32 bits of the fractional parts of the `root` of the first 64 primes: FIPS 180-4, 4.2.2 and 5.3.3. */
function fractions(root: (p: number) => number): Int32Array {
  const primes: number[] = [];
  for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p !== 0)) primes.push(n);
  return Int32Array.from(primes, (p) => ((root(p) % 1) * 2 ** 32) | 0);
}

/** Worked out when the first hash is begun: most runs have none. */
let K: Int32Array;
let H: Int32Array;
const BLOCK = 64;
/** Words of the state and the length, before the bytes that do not fill a block yet. */
const SAVED = 40;

/** A hash in the making: `update` as often as need be, then `digest`. @cost about 10 ns a byte */
export class Sha256 {
  private readonly state: Int32Array;
  private readonly w = new Int32Array(64);
  private readonly block = new Uint8Array(BLOCK);
  private readonly view = new DataView(this.block.buffer);
  private filled = 0;
  private length = 0;

  constructor() {
    K ??= fractions(Math.cbrt);
    H ??= fractions(Math.sqrt).slice(0, 8);
    this.state = Int32Array.from(H);
  }

  update(bytes: Uint8Array): this {
    this.length += bytes.length;
    let at = 0;
    if (this.filled > 0) {
      at = Math.min(BLOCK - this.filled, bytes.length);
      this.block.set(bytes.subarray(0, at), this.filled);
      this.filled += at;
      if (this.filled < BLOCK) return this;
      this.compress(this.view, 0);
    }
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (; at + BLOCK <= bytes.length; at += BLOCK) this.compress(view, at);
    this.block.set(bytes.subarray(at));
    this.filled = bytes.length - at;
    return this;
  }

  /** The 32 bytes. The hash can go on: what was given so far stays given. */
  digest(): Uint8Array {
    const end = this.clone();
    const pad = new Uint8Array(((119 - (this.length % BLOCK)) % BLOCK) + 9);
    pad[0] = 0x80;
    const tail = new DataView(pad.buffer);
    tail.setUint32(pad.length - 8, Math.floor(this.length / 2 ** 29));
    tail.setUint32(pad.length - 4, (this.length * 8) >>> 0);
    end.update(pad);
    const out = new DataView(new ArrayBuffer(32));
    end.state.forEach((word, i) => void out.setInt32(i * 4, word));
    return new Uint8Array(out.buffer);
  }

  /** The hash as it is now, for `Sha256.from`: 40 to 103 bytes. */
  save(): Uint8Array {
    const { filled } = this;
    const out = new Uint8Array(SAVED + filled);
    const view = new DataView(out.buffer);
    this.state.forEach((word, i) => void view.setInt32(i * 4, word));
    view.setUint32(32, Math.floor(this.length / 2 ** 32));
    view.setUint32(36, this.length >>> 0);
    out.set(this.block.subarray(0, filled), SAVED);
    return out;
  }

  /** A hash that goes on where `save` was called; undefined if that is not where `saved` comes from. */
  static from(saved: Uint8Array): Sha256 | undefined {
    if (saved.length < SAVED) return undefined;
    const view = new DataView(saved.buffer, saved.byteOffset, saved.byteLength);
    const hash = new Sha256();
    hash.state.forEach((_, i) => void (hash.state[i] = view.getInt32(i * 4)));
    hash.length = view.getUint32(32) * 2 ** 32 + view.getUint32(36);
    hash.filled = saved.length - SAVED;
    if (!Number.isSafeInteger(hash.length) || hash.length % BLOCK !== hash.filled) return undefined;
    hash.block.set(saved.subarray(SAVED));
    return hash;
  }

  private clone(): Sha256 {
    const copy = new Sha256();
    copy.state.set(this.state);
    copy.block.set(this.block);
    copy.filled = this.filled;
    copy.length = this.length;
    return copy;
  }

  private compress(view: DataView, at: number): void {
    const { state, w } = this;
    for (let t = 0; t < 16; t++) w[t] = view.getInt32(at + t * 4);
    for (let t = 16; t < 64; t++) {
      const x = w[t - 15];
      const y = w[t - 2];
      const s0 = ((x >>> 7) | (x << 25)) ^ ((x >>> 18) | (x << 14)) ^ (x >>> 3);
      const s1 = ((y >>> 17) | (y << 15)) ^ ((y >>> 19) | (y << 13)) ^ (y >>> 10);
      w[t] = (w[t - 16] + s0 + w[t - 7] + s1) | 0;
    }
    let [a, b, c, d, e, f, g, h] = state as unknown as [number, number, number, number, number, number, number, number];
    for (let t = 0; t < 64; t++) {
      const S1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
      const t1 = (h + S1 + ((e & f) ^ (~e & g)) + K[t] + w[t]) | 0;
      const S0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
      const t2 = (S0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
      h = g;
      g = f;
      f = e;
      e = (d + t1) | 0;
      d = c;
      c = b;
      b = a;
      a = (t1 + t2) | 0;
    }
    [a, b, c, d, e, f, g, h].forEach((v, i) => void (state[i] = (state[i] + v) | 0));
  }
}

/** SHA-256 of `bytes`: 32 bytes. */
export const sha256 = (bytes: Uint8Array): Uint8Array => new Sha256().update(bytes).digest();

/** Bytes as lower-case hexadecimal digits. */
export const hex = (bytes: Uint8Array): string => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");
