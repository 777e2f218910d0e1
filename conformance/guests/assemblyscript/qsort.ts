// qsort N SEED: sorts N pseudo-random signed numbers with the standard library's sort and prints a summary of the result.
import { args, exit, hex, print } from "./wasi";

const list = args();
const n = list.length > 1 ? I32.parseInt(list[1]) : 1000000;
let x: u32 = list.length > 2 ? U32.parseInt(list[2]) : 1;
const numbers = new Int32Array(n);
for (let i = 0; i < n; i++) {
  x = x * 1664525 + 1013904223;
  numbers[i] = <i32>x;
}
numbers.sort((a, b) => i32(a > b) - i32(a < b));
let hash: u32 = 2166136261;
for (let i = 0; i < n; i++) {
  if (i > 0 && numbers[i - 1] > numbers[i]) exit(1);
  hash = (hash ^ numbers[i]) * 16777619;
}
print("n=" + n.toString() + " first=" + numbers[0].toString() + " median=" + numbers[n / 2].toString());
print(" last=" + numbers[n - 1].toString() + " hash=" + hex(hash) + "\n");
exit(0);
