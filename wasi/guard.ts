/**
 * Asks the policy before a guest is given something or does something, and tells an audit of every grant and denial.
 *
 * Data that moves through what was granted (reads, writes, positions) is not asked about again. Without a policy
 * everything is granted, and only told.
 */
import { type CallName, plainName } from "./calls.ts";
import type { ClockId } from "./context.ts";
import { fail } from "./errno.ts";
import { WasiError } from "./error-codes.ts";
import type { Place } from "./fd-table.ts";
import { type FsLevel, fsLevels, type Mount } from "./file-system.ts";
import type { NetworkRequest } from "./net/permission.ts";
import type { NetworkPolicy } from "./network-rules.ts";
import { allowsName, mountRule, type PathOp, PathRules, type Policy, pathText } from "./policy.ts";

/** One decision. */
export type AuditEvent = { readonly granted: boolean } & (
  | { readonly kind: "call"; readonly call: CallName }
  | {
      readonly kind: "path";
      readonly op: PathOp;
      readonly path: string;
      /** Everything below it is meant as well: a directory that is moved. */
      readonly isSubtree: boolean;
      /** Name of the mount it is in. */
      readonly mount: string;
    }
  | {
      readonly kind: "mount";
      readonly guest: string;
      readonly access: "read-only" | "read-write";
      readonly level: FsLevel;
    }
  | { readonly kind: "env"; readonly name: string }
  | { readonly kind: "clock"; readonly clock: ClockId }
  | { readonly kind: "random" }
  | ({ readonly kind: "network" } & NetworkRequest)
);

export type Audit = (event: AuditEvent) => void;

export class Guard {
  readonly #policy: Policy | undefined;
  readonly #paths: PathRules;
  readonly #audit: Audit | undefined;
  /** Calls and clocks that have been told: they are decided once. */
  readonly #told = new Set<string>();

  constructor(policy: Policy | undefined, audit: Audit | undefined) {
    this.#policy = policy;
    this.#paths = new PathRules(policy?.paths ?? []);
    this.#audit = audit;
  }

  /**
   * The mounts as the guest gets them: read-only where the policy allows no more.
   *
   * @throws WasiError WT6017 for a mount that the policy does not have, or whose level is too weak
   */
  mounts(mounts: readonly Mount[]): Mount[] {
    return mounts.map((mount) => {
      const { level } = mount;
      const guest = pathText(mount.guest, []);
      const rule = this.#policy && mountRule(this.#policy, guest);
      const isReadOnly = mount.isReadOnly || (this.#policy !== undefined && rule?.access !== "read-write");
      const problem = this.#policy && mountProblem(guest, level, rule?.level, rule !== undefined);
      const granted = problem === undefined;
      this.#audit?.({ kind: "mount", guest, access: isReadOnly ? "read-only" : "read-write", level, granted });
      if (problem !== undefined) throw problem;
      return isReadOnly === mount.isReadOnly ? mount : { ...mount, isReadOnly };
    });
  }

  /** The variables, each `NAME=value`, that the guest gets. */
  env(env: readonly Uint8Array[]): Uint8Array[] {
    return env.filter((variable) => {
      const name = new TextDecoder().decode(variable.subarray(0, variable.indexOf(0x3d)));
      const granted = this.#policy === undefined || allowsName(this.#policy.env, name);
      this.#audit?.({ kind: "env", name, granted });
      return granted;
    });
  }

  /** @throws Failure NOTCAPABLE */
  call(name: CallName): void {
    const call = plainName(name) as CallName;
    const granted = this.#policy === undefined || call === "proc_exit" || this.#policy.calls.has(call);
    this.#tellOnce(call, { kind: "call", call, granted });
    if (!granted) fail("NOTCAPABLE");
  }

  /** @param isSubtree  everything below it as well. @throws Failure NOTCAPABLE */
  path(op: PathOp, { mount, path: names }: Place, isSubtree = false): void {
    const path = pathText(mount.guest, names);
    const granted = this.#policy === undefined || this.#paths.allows(op, path, isSubtree);
    this.#audit?.({ kind: "path", op, path, isSubtree, mount: pathText(mount.guest, []), granted });
    if (!granted) fail("NOTCAPABLE");
  }

  /** @throws Failure NOTCAPABLE */
  clock(clock: ClockId): void {
    const granted = this.#policy === undefined || this.#policy.clocks.has(clock);
    this.#tellOnce(`clock ${clock}`, { kind: "clock", clock, granted });
    if (!granted) fail("NOTCAPABLE");
  }

  /** @throws Failure NOTCAPABLE */
  random(): void {
    const granted = this.#policy === undefined || this.#policy.random;
    this.#tellOnce("random", { kind: "random", granted });
    if (!granted) fail("NOTCAPABLE");
  }

  /** What the policy says about the network. */
  network(allows: (rules: NetworkPolicy) => boolean): boolean {
    return this.#policy === undefined || allows(this.#policy.network);
  }

  tellNetwork(request: NetworkRequest, granted: boolean): void {
    this.#audit?.({ kind: "network", ...request, granted });
  }

  /** One that could not be told is told the next time: without it nothing happens. */
  #tellOnce(what: string, event: AuditEvent): void {
    if (this.#told.has(what)) return;
    this.#audit?.(event);
    this.#told.add(what);
  }
}

function mountProblem(
  guest: string,
  level: FsLevel,
  wanted: FsLevel | undefined,
  isKnown: boolean,
): WasiError | undefined {
  if (!isKnown)
    return new WasiError("WT6017", `the policy has no mount ${JSON.stringify(guest)}`, { hint: hints.mount });
  if (wanted === undefined || fsLevels.indexOf(level) <= fsLevels.indexOf(wanted)) return undefined;
  const message = `the policy wants level '${wanted}' for ${JSON.stringify(guest)}, and it has '${level}'`;
  return new WasiError("WT6017", message, { hint: hints.level });
}

const hints = {
  mount: "leave the mount out, or add it to the policy",
  level: "take a stronger level, or run on a system that has it; 'beneath' needs Linux with /proc",
} as const;
