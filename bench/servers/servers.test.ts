/** What the command makes of wrk's output, and of its rounds. */
import { describe, expect, it } from "vitest";
import { table } from "./command.ts";
import { readWrk } from "./load.ts";

const output = (extra: string, slowest = "7.27ms"): string => `Running 5s test @ http://127.0.0.1:9101/
  1 threads and 32 connections
  Latency Distribution
     50%    1.10ms
     99%    ${slowest}
  164238 requests in 5.00s, 20.36MB read
${extra}Requests/sec:  32822.20
Transfer/sec:      4.07MB
`;

describe("readWrk", () => {
  it("finds rates, slow answers and errors", () => {
    expect(readWrk(output(""))).toEqual({ requests: 164_238, perSecond: 32_822.2, p99: 7.27, errors: 0 });
    expect(readWrk(output("", "540.00us")).p99).toBeCloseTo(0.54);
    expect(readWrk(output("", "1.18s")).p99).toBe(1180);
    const errors = "  Socket errors: connect 1, read 2, write 0, timeout 19\n  Non-2xx or 3xx responses: 3\n";
    expect(readWrk(output(errors)).errors).toBe(25);
  });
  it("takes nothing else", () => {
    expect(() => readWrk("unable to connect to 127.0.0.1:8080 Connection refused")).toThrow("not of wrk");
  });
});

describe("table", () => {
  it("has medians, ratios round by round, and errors", () => {
    const round = (perSecond: number, cpuUs: number | undefined, errors = 0) => ({ perSecond, p99: 2, cpuUs, errors });
    const lines = table(32, {
      "node:http": [round(100, 10), round(200, 10), round(400, 10)],
      ours: [round(200, 5), round(300, undefined), round(200, 5, 7)],
    });
    expect(lines[1]).toMatch(/^node:http +200 \(1\.00x\) +2\.00 \(1\.00x\) +10\.0 \(1\.00x\)$/);
    expect(lines[2]).toMatch(/^ours +200 \(1\.50x\) +2\.00 \(1\.00x\) +7 errors$/);
  });
});
