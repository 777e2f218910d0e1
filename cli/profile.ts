/**
 * `--profile FILE`: where the time of a run went, as DevTools and editors read it (.cpuprofile). V8's own profiler, with
 * the names of guest functions in place of those that generated code has: nothing of a module is in the code itself.
 */
import type { Profiler, Session } from "node:inspector";
import { guestFunction, printable } from "../engine/index.ts";
import { checkWritable, writeWhole } from "./write-file.ts";

const samplingUs = 250;

export interface ProfileInProgress {
  /** Writes the file. @throws CliError WT6705 */
  finish(): Promise<void>;
}

/** @throws CliError WT6705 */
export async function startProfile(path: string): Promise<ProfileInProgress> {
  checkWritable(path);
  const inspector = await import("node:inspector");
  const session = new inspector.Session();
  session.connect();
  await post(session, "Profiler.enable");
  await post(session, "Profiler.setSamplingInterval", { interval: samplingUs });
  await post(session, "Profiler.start");
  return {
    async finish() {
      const { profile } = (await post(session, "Profiler.stop")) as Profiler.StopReturnType;
      session.disconnect();
      writeWhole(path, new TextEncoder().encode(`${JSON.stringify(named(profile))}\n`));
    },
  };
}

const post = (session: Session, method: string, params: object = {}): Promise<unknown> =>
  new Promise((resolve, reject) => {
    session.post(method, params, (error, result) => (error === null ? resolve(result) : reject(error)));
  });

const named = (profile: Profiler.Profile): Profiler.Profile => ({
  ...profile,
  nodes: profile.nodes.map((node) => {
    const { callFrame } = node;
    const guest = guestFunction(callFrame.url, callFrame.functionName);
    if (guest === undefined) return node;
    const functionName = `${printable(guest.name ?? `function ${guest.func}`)} [wasm]`;
    return { ...node, callFrame: { ...callFrame, functionName } };
  }),
});
