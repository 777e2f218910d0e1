/**
 * A process that measures one engine: `node [FLAGS] dist/bench/worker.js ENGINE`, driven over IPC by `worker-client.ts`.
 *
 * One engine to a process, so that flags are the process's own, an engine that crashes takes nobody along, and none
 * leaves its garbage or its type feedback to the next.
 */
import type { Elapsed } from "./clocks.ts";
import { inProcess } from "./engines/in-process.ts";
import { failureOf, type Loaded, Session, type WarmUp } from "./session.ts";
import { workloadNamed } from "./workload.ts";

export type Request =
  | { readonly do: "load"; readonly workload: string; readonly divide: number }
  | { readonly do: "warm"; readonly goal: WarmUp }
  | { readonly do: "sample"; readonly leastMs: number }
  | { readonly do: "memory" };

export type Reply =
  /** On its way an undefined `ok` gets lost. */
  { readonly ok?: Loaded | Elapsed | number | undefined } | { readonly failure: ReturnType<typeof failureOf> };

async function answer(session: Session, request: Request): Promise<Loaded | Elapsed | number | undefined> {
  switch (request.do) {
    case "load":
      return session.load(workloadNamed(request.workload), request.divide);
    case "warm":
      session.warm(request.goal);
      return undefined;
    case "sample":
      return session.sample(request.leastMs);
    case "memory":
      return process.resourceUsage().maxRSS / 1024; // kilobytes everywhere
  }
}

const session = new Session(await inProcess(process.argv[2] ?? ""));
process.on("message", (request: Request) => {
  const reply = answer(session, request).then(
    (ok): Reply => ({ ok }),
    (error: unknown): Reply => ({ failure: failureOf(error) }),
  );
  void reply.then((message) => process.send?.(message));
});
// Glue code of modules from npm may leave rejections behind; the request they belong to has failed already.
process.on("unhandledRejection", () => {});
