// exit [CODE]: leaves in the middle of a call with CODE (7 when not given), output without a final newline.
import { args, exit, print } from "./wasi";

function deep(depth: i32, code: i32): void {
  if (depth == 0) exit(code);
  deep(depth - 1, code);
  print("not reached\n");
}

const list = args();
const code = list.length > 1 ? I32.parseInt(list[1]) : 7;
print("leaving with " + code.toString());
deep(5, code);
