/** The clocks of this process, and repeated calls until one has ticked enough. */

/** Milliseconds of user and system time this process has used, all threads. */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

export interface Elapsed {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export function timed<T>(work: () => T): Elapsed & { readonly result: T } {
  const [wall, cpu] = [performance.now(), cpuMs()];
  const result = work();
  return { result, cpuMs: cpuMs() - cpu, wallMs: performance.now() - wall };
}

/** Milliseconds per call, from as many calls as `leastMs` of CPU time takes, at least `leastCalls`. */
export function timeCalls(call: () => void, leastMs: number, leastCalls = 1): Elapsed {
  const [wall, cpu] = [performance.now(), cpuMs()];
  for (let calls = 1; ; calls++) {
    call();
    const spent = cpuMs() - cpu;
    if (spent >= leastMs && calls >= leastCalls)
      return { cpuMs: spent / calls, wallMs: (performance.now() - wall) / calls };
  }
}
