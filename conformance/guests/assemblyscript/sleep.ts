// sleep MS: sleeps and prints how long it took by the monotonic and by the wall clock, in whole milliseconds.
import { args, exit, flush, MONOTONIC, now, print, REALTIME, sleep } from "./wasi";

const list = args();
const ms = list.length > 1 ? I32.parseInt(list[1]) : 100;
print("sleeping\n");
flush();
const mono = now(MONOTONIC);
const wall = now(REALTIME);
sleep(<u64>ms * 1000000);
print("monotonic " + ((now(MONOTONIC) - mono) / 1000000).toString() + " wall " + ((now(REALTIME) - wall) / 1000000).toString());
print(" now " + (wall / 1000000000).toString() + "\n");
exit(0);
