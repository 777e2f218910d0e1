/** The error of a call that a limit ended. The guest is as it stopped, and can go on: see `GuestStopped.activation`. */
import { WasmError } from "./errors.ts";
import type { Activation } from "./interpret/activation.ts";
import type { Interruption } from "./runtime/meter.ts";

/** Reasons that end a call; a guest that is only slowed waits. */
export type Ending = Exclude<Interruption, "throttled">;

const texts = {
  fuel: ["WT5003", "out of fuel", "give it more: --fuel, limits.fuel, meter.refuel()"],
  deadline: ["WT5004", "out of time", "give it more: --timeout, limits.timeoutMs, meter.extend()"],
  cancelled: ["WT5006", "cancelled", "the signal in limits.signal was aborted"],
} as const satisfies Record<Ending, readonly [code: string, text: string, hint: string]>;

/** A guest stopped at a safepoint. Its instance can be looked at; nothing of it ran any further. */
export class GuestStopped extends WasmError {
  readonly reason: Ending;
  /**
   * What stopped: after `meter.refuel()` and the like, `run()` goes on. It is the innermost call: one in whose host function
   * this one was made is over, since what is between the two is on the JavaScript stack.
   */
  readonly activation: Activation;

  constructor(reason: Ending, activation: Activation) {
    const [code, text, hint] = texts[reason];
    super(reason, code, text, { hint });
    this.reason = reason;
    this.activation = activation;
    this.setBacktrace(activation.tracer());
  }
}
