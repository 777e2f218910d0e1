/**
 * `--tcplisten`: the sockets a guest is given, as descriptors 3, 4, ... in the order of the options. At an address, by a
 * descriptor that this process was started with, or all that systemd hands over (LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES).
 */
import { CliError } from "./cli-error.ts";
import { badValue } from "./units.ts";

/** Where a socket comes from. `name`: what systemd calls it. */
export type Listener =
  | { readonly host: string; readonly port: number }
  | { readonly fd: number; readonly name?: string | undefined };

/** What of this process the sockets depend on. */
export interface ActivatedProcess {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
}

/** systemd's first descriptor, and ours. */
const FIRST = 3;
/** More than anybody hands over. */
const MOST = 256;

/** @throws CliError WT6503, WT6535 */
export function readListeners(texts: readonly string[], process: ActivatedProcess): Listener[] {
  const listeners = texts.flatMap((text) =>
    text === "systemd" ? handedOver(process) : [listenAddress("--tcplisten", text)],
  );
  const fds = listeners.flatMap((listener) => ("fd" in listener ? [listener.fd] : []));
  const twice = fds.find((fd, i) => fds.indexOf(fd) !== i);
  if (twice !== undefined) throw badValue("--tcplisten", `fd:${twice}`, "a descriptor that is not given already");
  return listeners;
}

/** `HOST:PORT`, or `fd:N`. @throws CliError WT6503 */
export function listenAddress(flag: string, text: string): Listener {
  const inherited = /^fd:(\d{1,7})$/.exec(text);
  if (inherited !== null && Number(inherited[1]) >= FIRST) return { fd: Number(inherited[1]) };
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^:\s]*)):(\d{1,5})$/.exec(text);
  if (inherited !== null || match === null || Number(match[3]) > 0xffff)
    throw badValue(flag, text, "HOST:PORT, such as 0.0.0.0:8080, fd:N from fd:3, or systemd");
  return { host: match[1] ?? (match[2] || "0.0.0.0"), port: Number(match[3]) };
}

/** @throws CliError WT6535 */
function handedOver({ env, pid }: ActivatedProcess): Listener[] {
  const { LISTEN_PID, LISTEN_FDS, LISTEN_FDNAMES } = env;
  if (LISTEN_PID === undefined || LISTEN_FDS === undefined)
    throw notHandedOver("LISTEN_PID and LISTEN_FDS are not both in the environment");
  if (LISTEN_PID !== String(pid)) throw notHandedOver(`LISTEN_PID is ${LISTEN_PID}, this process is ${pid}`);
  const count = /^[1-9]\d{0,4}$/.test(LISTEN_FDS) ? Number(LISTEN_FDS) : 0;
  if (count === 0 || count > MOST) throw notHandedOver(`LISTEN_FDS is '${LISTEN_FDS}', not 1 to ${MOST}`);
  const names = LISTEN_FDNAMES?.split(":") ?? [];
  if (LISTEN_FDNAMES !== undefined && names.length !== count)
    throw notHandedOver(`LISTEN_FDNAMES has ${names.length} names, LISTEN_FDS is ${count}`);
  return Array.from({ length: count }, (_, i) => ({ fd: FIRST + i, name: names[i] ?? "unknown" }));
}

const notHandedOver = (where: string): CliError =>
  new CliError("WT6535", "no sockets were handed over", {
    where,
    help: "start wasmts itself by the socket unit, not through a shell that stays; or name them with --tcplisten fd:N",
  });

/** What a guest is told by its environment, when systemd's sockets are among them: as systemd tells it. */
export function listenEnvironment(listeners: readonly Listener[]): Record<string, string> {
  const names = listeners.map((listener) => ("fd" in listener ? listener.name : undefined));
  if (names.every((name) => name === undefined)) return {};
  const known = names.map((name) => name ?? "unknown");
  return { LISTEN_FDS: String(listeners.length), LISTEN_FDNAMES: known.join(":") };
}
