// Generators, BigInt, regular expressions, closures, and functions that tree shaking must drop.
export function* primes(limit: number): Generator<number> {
  next: for (let n = 2; n <= limit; n++) {
    for (let d = 2; d * d <= n; d++) if (n % d === 0) continue next;
    yield n;
  }
}

export const isOdd = (n: number): boolean => (n & 1) === 1;
export const big = 2n ** 64n - 1n;
export const pattern = /^(?<sign>[+-])?(?:0x[\da-f]+|\d+(?:\.\d*)?)$/iu;

export function neverUsed(): string {
  return "tree shaking keeps this only because the whole namespace is exported";
}

const hidden = (() => {
  let counter = 0;
  return { next: () => ++counter, "quoted-key": true, 42: "number key" };
})();

export const sequence = Array.from({ length: 5 }, hidden.next);
