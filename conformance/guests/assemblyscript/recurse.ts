// recurse: calls itself for ever; the engine must stop it, not the host's stack.
import { exit, flush, print } from "./wasi";

let depth: u32 = 0;

export function guest_recurse(n: u32): u32 {
  depth = n;
  return guest_recurse(n + 1) * 3 + depth;
}

print("before\n");
flush();
print("survived " + guest_recurse(0).toString() + "\n");
exit(0);
