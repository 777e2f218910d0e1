// grow: allocates and writes 1 MiB blocks until memory.grow fails, then reports and ends normally.
import { exit, print } from "./wasi";

let count: u32 = 0;
const first = memory.size();
while (memory.grow(16) >= 0) {
  count++;
  const block = (<usize>first + 16 * (count - 1)) << 16;
  store<u32>(block, count);
  store<u8>(block + (1 << 20) - 1, 1);
}
for (let i: u32 = 0; i < count; i++) {
  const block = (<usize>first + 16 * i) << 16;
  if (load<u32>(block) != i + 1 || load<u8>(block + (1 << 20) - 1) != 1) exit(1);
}
print("out of memory after " + count.toString() + " MiB\n");
exit(0);
