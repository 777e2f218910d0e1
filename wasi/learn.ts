/** Learns the smallest policy that a run needed, from its audit. */
import { type CallName, callNames } from "./calls.ts";
import type { ClockId } from "./context.ts";
import type { FsLevel } from "./file-system.ts";
import type { AuditEvent } from "./guard.ts";
import { type PathOp, type PathRule, PathRules, type PolicyDocument, pathOps } from "./policy.ts";

const changing: readonly PathOp[] = ["write", "create", "remove"];

interface LearntMount {
  readonly level: FsLevel;
  isChanged: boolean;
}

export class Learner {
  readonly #calls = new Set<CallName>();
  readonly #paths = new Map<string, Set<PathOp>>();
  readonly #mounts = new Map<string, LearntMount>();
  readonly #env = new Set<string>();
  readonly #clocks = new Set<ClockId>();
  #isRandom = false;
  readonly #network = { listen: new Set<string>(), connect: new Set<string>(), resolve: new Set<string>() };

  /** An `Audit`. What was denied is not learnt. */
  readonly take = (event: AuditEvent): void => {
    if (!event.granted) return;
    if (event.kind === "call") this.#calls.add(event.call);
    else if (event.kind === "path") this.#takePath(event);
    else if (event.kind === "env") this.#env.add(event.name);
    else if (event.kind === "clock") this.#clocks.add(event.clock);
    else if (event.kind === "random") this.#isRandom = true;
    else if (event.kind === "network") this.#takeNetwork(event);
    else if (!this.#mounts.has(event.guest)) this.#mounts.set(event.guest, { level: event.level, isChanged: false });
  };

  #takeNetwork(event: AuditEvent & { kind: "network" }): void {
    if (event.op === "resolve") this.#network.resolve.add(event.name);
    // Policies have no rules about AF_UNIX.
    else if (event.protocol !== "unix") this.#network[event.op].add(event.address);
  }

  #networkRules(): Pick<PolicyDocument, "network"> {
    const { listen, connect, resolve } = this.#network;
    if (listen.size + connect.size + resolve.size === 0) return {};
    return { network: { listen: [...listen].sort(), connect: [...connect].sort(), resolve: [...resolve].sort() } };
  }

  #takePath({ op, path, isSubtree, mount }: AuditEvent & { kind: "path" }): void {
    const rule = isSubtree ? `${path === "/" ? "" : path}/**` : path;
    this.#paths.set(rule, (this.#paths.get(rule) ?? new Set<PathOp>()).add(op));
    const learnt = this.#mounts.get(mount);
    if (learnt !== undefined && changing.includes(op)) learnt.isChanged = true;
  }

  /** Every mount is in it, since without one it would not start; what is in those that were not used cannot be reached. */
  policy(): PolicyDocument {
    return {
      version: 1,
      calls: callNames.filter((name) => this.#calls.has(name) && name !== "proc_exit"),
      mounts: [...this.#mounts].map(([guest, { level, isChanged }]) => ({
        guest,
        access: isChanged ? "read-write" : "read-only",
        level,
      })),
      paths: smallest(this.#paths),
      env: this.#calls.has("environ_get") ? [...this.#env].sort() : [],
      clocks: [...this.#clocks],
      random: this.#isRandom,
      ...this.#networkRules(),
    };
  }
}

/** The rules in order, without what a rule for everything below a directory allows anyway. */
function smallest(paths: ReadonlyMap<string, ReadonlySet<PathOp>>): PathRule[] {
  const rules = [...paths].map(([path, ops]): PathRule => ({ path, allow: pathOps.filter((op) => ops.has(op)) }));
  const below = rules.filter(({ path }) => path.endsWith("/**"));
  return rules
    .map(({ path, allow }) => {
      const isSubtree = path.endsWith("/**");
      const others = new PathRules(isSubtree ? below.filter((rule) => rule.path !== path) : below);
      const needed = allow.filter((op) => !others.allows(op, isSubtree ? path.slice(0, -3) || "/" : path, isSubtree));
      // Who may do anything else may look.
      return { path, allow: needed.filter((op) => op !== "stat" || needed.length === 1) };
    })
    .filter(({ allow }) => allow.length > 0)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}
