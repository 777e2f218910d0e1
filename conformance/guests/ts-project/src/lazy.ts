// Loaded on demand: becomes a chunk of its own with --splitting.
export function* fibonacci(count: number): Iterable<number> {
  let [a, b] = [0, 1];
  while (count-- > 0) {
    yield a;
    [a, b] = [b, a + b];
  }
}

export const unused = { big: "object".repeat(3) };
