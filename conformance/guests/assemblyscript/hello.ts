// hello: prints a greeting, every argument and every environment variable (sorted).
import { args, compareBytes, environ, exit, print } from "./wasi";

const list = args();
print("hello, world\nargs: " + list.length.toString() + "\n");
for (let i = 0; i < list.length; i++) print("argv[" + i.toString() + "] = " + list[i] + "\n");
const env = environ();
env.sort(compareBytes);
print("env: " + env.length.toString() + "\n");
for (let i = 0; i < env.length; i++) print(env[i] + "\n");
exit(0);
