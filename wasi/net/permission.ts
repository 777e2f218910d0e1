/**
 * Whether a guest may listen, connect, look up: by rules, by its policy, and by asking the embedder, who may take time.
 */
import type { WaitSource } from "../../engine/index.ts";
import type { Guard } from "../guard.ts";
import { allowsAddress, allowsLookup, type NetworkPolicy, unixRule } from "../network-rules.ts";
import { type Address, addressText, ipText, unmapped } from "./address.ts";

export type Protocol = "tcp" | "udp" | "unix";

/** What a guest wants; `address` as `127.0.0.1:80`, `[::1]:80`, or, of AF_UNIX, as `unix:` and the guest's name for it. */
export type NetworkRequest =
  | { readonly op: "listen" | "connect"; readonly address: string; readonly protocol: Protocol }
  | { readonly op: "resolve"; readonly name: string };

/** True: it may, if the rules do not forbid it. */
export type NetworkDecider = (request: NetworkRequest) => boolean | Promise<boolean>;

/** Undecided as long as `isOver` is false. */
export interface Decision {
  readonly isOver: boolean;
  readonly isGranted: boolean;
  readonly source: WaitSource | undefined;
}

/** Addresses that are kept with their names, for rules about names, and names of each: the oldest go. */
const MAX_NAMES = 4096;
const NAMES_OF_ONE = 16;

const first = (of: { keys(): IterableIterator<string> }): string => of.keys().next().value as string;

type Rule = (rules: NetworkPolicy) => boolean;

export class NetworkPermission {
  /** May be exchanged while the guest runs: what it has open stays open. */
  rules: NetworkPolicy;
  readonly #decide: NetworkDecider | undefined;
  readonly #guard: Guard | undefined;
  readonly #names = new Map<string, Set<string>>();

  constructor(rules: NetworkPolicy, decide: NetworkDecider | undefined, guard: Guard | undefined) {
    this.rules = rules;
    this.#decide = decide;
    this.#guard = guard;
  }

  /** It may open sockets of AF_UNIX: there is one that it may use. */
  get hasUnix(): boolean {
    return (this.rules.unix ?? []).length > 0;
  }

  /** An address of AF_UNIX with its place on the host, if the rules have one; any other as it is. */
  located(op: "listen" | "connect", address: Address): Address {
    const rule = unixRule(this.rules, op, address.path);
    return rule === undefined ? address : { ...address, hostPath: rule.host };
  }

  address(op: "listen" | "connect", address: Address, protocol: Protocol): Decision {
    return this.#ask({ op, address: addressText(address), protocol }, this.#rule(op, address));
  }

  /** For what was granted and is used only now: whether rules still have it. Asks and tells nobody. */
  stillAllows(op: "listen" | "connect", address: Address): boolean {
    return this.#isAllowed(this.#rule(op, address));
  }

  #rule(op: "listen" | "connect", address: Address): Rule {
    // Rules may have another place by the same name meanwhile.
    if (address.path !== undefined)
      return (rules) => address.hostPath !== undefined && unixRule(rules, op, address.path)?.host === address.hostPath;
    const names = [...(this.#names.get(ipText(unmapped(address.ip))) ?? [])];
    return (rules) => allowsAddress(rules[op], address, names);
  }

  #isAllowed(allows: Rule): boolean {
    return allows(this.rules) && (this.#guard?.network(allows) ?? true);
  }

  name(name: string): Decision {
    return this.#ask({ op: "resolve", name }, (rules) => allowsLookup(rules.resolve, name));
  }

  /** The guest was told that `name` is at `ip`. */
  learn(name: string, ip: Uint8Array): void {
    const key = ipText(unmapped(ip));
    const names = this.#names.get(key) ?? new Set<string>();
    if (names.size >= NAMES_OF_ONE) names.delete(first(names));
    names.add(name.toLowerCase());
    if (!this.#names.has(key) && this.#names.size >= MAX_NAMES) this.#names.delete(first(this.#names));
    this.#names.set(key, names);
  }

  #ask(request: NetworkRequest, allows: Rule): Decision {
    const isAllowed = this.#isAllowed(allows);
    const answer = isAllowed && this.#decide !== undefined ? this.#decide(request) : isAllowed;
    if (typeof answer === "boolean") return this.#tell(request, answer);
    const decision = { isOver: false, isGranted: false, source: undefined as WaitSource | undefined };
    const end = (isGranted: boolean): void => void Object.assign(decision, this.#tell(request, isGranted));
    const ready = answer.then(
      // The rules may be others by now.
      (isGranted) => end(isGranted === true && this.#isAllowed(allows)),
      () => end(false),
    );
    decision.source = { isReady: () => decision.isOver, ready, watch: watchPromise(ready) };
    return decision;
  }

  #tell(request: NetworkRequest, isGranted: boolean): Decision {
    this.#guard?.tellNetwork(request, isGranted);
    return { isOver: true, isGranted, source: undefined };
  }
}

const watchPromise =
  (ready: Promise<unknown>) =>
  (fn: () => void): (() => void) => {
    let isWatching = true;
    void ready.then(() => isWatching && fn());
    return () => {
      isWatching = false;
    };
  };
