// AssemblyScript: a Map from strings to numbers and an array of objects, garbage-collected.
class Point {
  constructor(public x: f64, public y: f64) {}
  plus(other: Point): Point {
    return new Point(this.x + other.x, this.y * 0.5 + other.y);
  }
}

export function run(n: u32): u32 {
  const counts = new Map<string, u32>();
  let point = new Point(0, 1);
  for (let i: u32 = 0; i < n; i++) {
    const key = "key" + (i * 7919 % 257).toString();
    counts.set(key, (counts.has(key) ? counts.get(key) : 0) + i);
    point = point.plus(new Point(i, 0.25));
  }
  let sum: u32 = 0;
  const keys = counts.keys();
  for (let i = 0; i < keys.length; i++) sum = sum * 31 + counts.get(keys[i]) + keys[i].length;
  const bits = reinterpret<u64>(point.x + point.y);
  return sum ^ <u32>(bits ^ (bits >> 32));
}
