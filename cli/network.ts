/** `--net`, `--allow-*`, `--unix-*`, `--tcplisten`, `--net-backend`: what the guest may do on the network. */
import { realpathSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import {
  type NetworkDecider,
  type NetworkPolicy,
  noNetwork,
  parseAddressRule,
  parseNameRule,
  type UnixRule,
} from "../wasi/index.ts";
import { CliError } from "./cli-error.ts";
import { type ActivatedProcess, type Listener, listenAddress, readListeners } from "./listeners.ts";
import type { Flags } from "./parse.ts";
import { badValue } from "./units.ts";

export interface NetworkSettings {
  readonly rules: NetworkPolicy;
  /** Where the guest is given sockets that listen: descriptors 3, 4, ... */
  readonly listen: readonly Listener[];
  /** Asked about what the rules allow. */
  readonly decide?: NetworkDecider | undefined;
  /** Where its sockets are: on the event loop of this thread, or on that of a thread of their own. Default "loop". */
  readonly backend?: NetworkBackend | undefined;
}

export type NetworkBackend = "loop" | "thread";

/** The network of a run from JavaScript. What is left out is not allowed. */
export interface RunNetwork {
  /** Where the guest may listen and connect to: `127.0.0.1:8080`, `10.0.0.0/8:443`, `[::1]:*`, `*.example.com:443`. */
  readonly listen?: readonly string[] | undefined;
  readonly connect?: readonly string[] | undefined;
  /** Names it may look up: `*`, `example.com`, `*.example.com`. */
  readonly resolve?: readonly string[] | undefined;
  /** Addresses of sockets that it is given listening, as descriptors 3, 4, ...; or `fd:N`, one of this process. */
  readonly listeners?: readonly string[] | undefined;
  /** Sockets of AF_UNIX, by the path on the host and, behind a colon, the name that the guest has for it. */
  readonly unixListen?: readonly string[] | undefined;
  readonly unixConnect?: readonly string[] | undefined;
  /** Asked about what these allow; may take time. */
  readonly decide?: NetworkDecider | undefined;
  /** Where its sockets are: on the event loop of this thread, or on that of a thread of their own. Default "loop". */
  readonly backend?: NetworkBackend | undefined;
}

/** @throws CliError WT6503 */
export const networkOf = ({ backend, decide, ...given }: RunNetwork): NetworkSettings => ({
  ...placesOf(given),
  backend: backend === undefined ? undefined : backendOf("network.backend", backend),
  decide,
});

function backendOf(flag: string, text: string): NetworkBackend {
  return text === "loop" || text === "thread" ? text : fail(flag, text, "loop or thread");
}

const placesOf = ({ listen, connect, resolve, listeners, ...unix }: RunNetwork): NetworkSettings => ({
  rules: {
    listen: (listen ?? []).map((text) => address("network.listen", text)),
    connect: (connect ?? []).map((text) => address("network.connect", text)),
    resolve: (resolve ?? []).map((text) => name("network.resolve", text)),
    unix: [
      ...(unix.unixListen ?? []).map((text) => unixSocket("network.unixListen", "listen", text)),
      ...(unix.unixConnect ?? []).map((text) => unixSocket("network.unixConnect", "connect", text)),
    ],
  },
  listen: (listeners ?? []).map((text) => listenAddress("network.listeners", text)),
});

type Rule<L extends "listen" | "connect" | "resolve"> = NetworkPolicy[L][number];

const addressHelp = "HOST:PORT, such as 127.0.0.1:8080, 10.0.0.0/8:443, [::1]:* or *.example.com:443";
const nameHelp = "a host name, such as example.com or *.example.com";

function address(flag: string, text: string): Rule<"listen"> {
  return parseAddressRule(text) ?? fail(flag, text, addressHelp);
}
function name(flag: string, text: string): Rule<"resolve"> {
  return parseNameRule(text) ?? fail(flag, text, nameHelp);
}
/** `HOST` or `HOST:GUEST`. The directory is the one that is there now, whatever becomes of links that lead to it. */
function unixSocket(flag: string, op: UnixRule["op"], text: string): UnixRule {
  const [, host, guest = host] = /^([^:](?:.*?[^:])?)(?::([^:]+))?$/s.exec(text) ?? [];
  if (host === undefined || guest === undefined || Buffer.byteLength(guest) > MOST_UNIX || /\0/.test(text))
    return fail(flag, text, `HOST or HOST:GUEST, a path and the name for the guest, of at most ${MOST_UNIX} bytes`);
  return { op, guest, host: join(realFolder(dirname(host)), basename(host)) };
}

function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}
/** Room for a name in the structure of the guest, without the family. */
const MOST_UNIX = 126;

function fail(flag: string, text: string, expected: string): never {
  throw badValue(flag, text, expected);
}

const everything = (): NetworkPolicy => ({
  listen: [address("--net", "*:*")],
  connect: [address("--net", "*:*")],
  resolve: ["*"],
});
/** What servers need: to listen, and to talk to what is on the same machine. */
const usual = (): NetworkPolicy => ({
  listen: [address("--net", "*:*")],
  connect: [address("--net", "127.0.0.0/8:*"), address("--net", "[::1]:*")],
  resolve: ["localhost"],
});

/** @throws CliError WT6503, WT6535 */
export function readNetwork(flags: Flags, process: ActivatedProcess): NetworkSettings {
  const base = rulesOf(flags.get("net"));
  if (flags.has("tcplisten") && flags.has("deterministic"))
    throw badValue(
      "--tcplisten",
      flags.get("tcplisten")!,
      "left out with --deterministic: what comes over a network is chance",
    );
  return {
    rules: {
      listen: [...base.listen, ...flags.all("allow-listen").map((text) => address("--allow-listen", text))],
      connect: [...base.connect, ...flags.all("allow-connect").map((text) => address("--allow-connect", text))],
      resolve: [...base.resolve, ...flags.all("allow-resolve").map((text) => name("--allow-resolve", text))],
      unix: (["listen", "connect"] as const).flatMap((op) =>
        flags.all(`unix-${op}`).map((text) => unixSocket(`--unix-${op}`, op, text)),
      ),
    },
    listen: readListeners(flags.all("tcplisten"), process),
    backend: flags.has("net-backend") ? backendOf("--net-backend", flags.get("net-backend")!) : undefined,
  };
}

/** `listen=ADDR,connect=ADDR,resolve=NAME`: these, and nothing else. */
function rulesOf(text: string | undefined): NetworkPolicy {
  if (text === undefined) return usual();
  if (text === "none") return noNetwork;
  if (text === "inherit") return everything();
  const rules = { listen: [] as Rule<"listen">[], connect: [] as Rule<"connect">[], resolve: [] as string[] };
  for (const word of text.split(",")) {
    const equals = word.indexOf("=");
    const [kind, value] = [word.slice(0, equals), word.slice(equals + 1)];
    if (kind === "listen" || kind === "connect") rules[kind].push(address("--net", value));
    else if (kind === "resolve") rules.resolve.push(name("--net", value));
    else throw badValue("--net", word, "none, inherit, or listen=ADDR,connect=ADDR,resolve=NAME");
  }
  return rules;
}

/** The error for a socket that was asked for with --tcplisten and cannot be had. */
export const cannotListen = (text: string, reason: string): CliError =>
  new CliError("WT6534", `cannot listen at ${text}`, {
    where: reason,
    help: text.startsWith("fd:")
      ? "start wasmts with a TCP socket that listens, or is connected, as that descriptor"
      : "choose an address of this machine and a port that is free; ports below 1024 need privileges",
  });
