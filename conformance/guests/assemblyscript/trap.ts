// trap KIND: prints "before KIND" and then traps: unreachable, div0, overflow, oob or abort (a failed bounds check of the library).
import { args, exit, flush, print } from "./wasi";

const list = args();
const kind = list.length > 1 ? list[1] : "unreachable";
// Values the optimiser cannot know.
const zero = list.length - list.length;
const minusOne = zero - 1;

export function guest_trap(kind: string): i32 {
  if (kind == "unreachable") unreachable();
  if (kind == "div0") return i32.MIN_VALUE / zero;
  if (kind == "overflow") return i32.MIN_VALUE / minusOne;
  if (kind == "oob") return load<i32>(<usize>(0xfffffff0 - zero));
  if (kind == "abort") return list[list.length + 5].length;
  return 0;
}

print("before " + kind + "\n");
flush();
print("survived " + guest_trap(kind).toString() + "\n");
exit(0);
