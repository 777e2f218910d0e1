/** Why `run` returned to the driver; a number beyond these is that of a "driver" operation. The generated switch holds these numbers as literals (see gen/bodies.ts). */
export const exits = {
  /** A function called from outside its instance returned; results are at `fp`. */
  done: 0,
  /** The tick budget ran out at a loop header; `pc` is the header. */
  loop: 1,
  /** At `enter`: no ticks, no frame space or no call space. */
  enter: 2,
  /** `call_import`. */
  import: 4,
  /** `call_indirect` or `call_ref` that is not a plain call inside the instance. */
  indirect: 5,
  /** Views changed (memory grew), or much fuel was spent at once: go on. */
  reload: 6,
} as const;
