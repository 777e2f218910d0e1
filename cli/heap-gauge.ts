/** How full the heap of Node.js is, for guests whose objects live on it: they are ended before the process would be. */
import { getHeapStatistics } from "node:v8";
import type { HeapGauge } from "../engine/index.ts";

/** Of the heap's limit. The rest is for what is garbage and not collected yet, and for us. */
const share = 0.85;

export const heapGauge: HeapGauge = {
  get limit() {
    return getHeapStatistics().heap_size_limit * share;
  },
  used: () => getHeapStatistics().used_heap_size,
};
