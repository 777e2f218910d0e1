/**
 * poll_oneoff: waits for the first of several clocks and descriptors. epoll_oneoff, of WasmEdge's extension: tells of a
 * socket once, until something has happened to it.
 *
 * All subscriptions are read before anything is written, since the guest may let both arrays overlap. A descriptor that
 * cannot be polled is an event with an error, not a failed call: the C library, mio and Go all understand that.
 */
import type { WaitSource } from "../engine/index.ts";
import { type Event, eventrwflags, readSubscription, type Subscription, sizes, writeEvent } from "./abi.ts";
import { clockOf } from "./clock.ts";
import { type Context, type HandlerResult, type Progress, Underway } from "./context.ts";
import { errno, errnoOf, fail } from "./errno.ts";
import { positionOf } from "./fd.ts";
import type { Descriptor } from "./fd-table.ts";
import { limits } from "./limits.ts";
import type { Edges, Socket } from "./net/socket.ts";
import { pollRight, readRight, writeRight } from "./rights.ts";

/** What became of one subscription. */
interface Ready {
  readonly error: number;
  readonly nbytes: bigint;
  readonly flags: number;
}

/** What to wait for while it is not ready. */
interface Pending {
  readonly deadlineNs?: bigint;
  readonly isAbsolute?: boolean;
  readonly source?: WaitSource;
}

/** Looks at one subscription. */
type Check = () => Ready | Pending;

const ready = (nbytes = 0, flags = 0): Ready => ({ error: errno.SUCCESS, nbytes: BigInt(nbytes), flags });
const broken = (error: number): Ready => ({ error, nbytes: 0n, flags: 0 });

export const poll_oneoff = (
  host: Context,
  input: number,
  output: number,
  count: number,
  nevents: number,
): HandlerResult => poll(host, input, output, count, nevents, (_, check) => check);

/**
 * A socket that was not in the last call, or for other directions, is told of as it is: so it is with Linux's epoll. What
 * is no socket is always told.
 */
export function epoll_oneoff(
  host: Context,
  input: number,
  output: number,
  count: number,
  nevents: number,
): HandlerResult {
  const { told } = host;
  const now = new Map<Socket, Partial<Edges>>();
  host.told = now;
  return poll(host, input, output, count, nevents, (sub, check) => {
    const d = sub.tag === 0 ? undefined : host.fds.find(sub.fd);
    if (d?.kind !== "stream" || d.socket === undefined) return check;
    const { socket } = d;
    const telling = now.get(socket) ?? {};
    now.set(socket, telling);
    const kind = sub.tag === 1 ? "reads" : "writes";
    telling[kind] = untold;
    return edgeCheck(socket, kind, told.get(socket) ?? {}, telling, check);
  });
}

const untold = -1;

/**
 * `check`, but for what was told before.
 *
 * @param told  in the call before this one
 * @param telling  in this one
 */
function edgeCheck(
  socket: Socket,
  kind: keyof Edges,
  told: Partial<Edges>,
  telling: Partial<Edges>,
  check: Check,
): Check {
  const isSame = (): boolean => "reads" in told === "reads" in telling && "writes" in told === "writes" in telling;
  return () => {
    const before = (isSame() ? told[kind] : undefined) ?? untold;
    telling[kind] = before;
    if (socket.edges[kind] === before) return { source: socket.ready };
    const state = check();
    if ("error" in state) telling[kind] = socket.edges[kind];
    return state;
  };
}

function poll(
  host: Context,
  input: number,
  output: number,
  count: number,
  nevents: number,
  /** What is to be asked instead of the check of a subscription. */
  wrap: (sub: Subscription, check: Check) => Check,
): HandlerResult {
  if (count === 0 || count > limits.subscriptions) fail("INVAL");
  const { subscriptionSize } = host.abi;
  host.mem.check(input, count * subscriptionSize);
  host.mem.check(output, count * sizes.event);
  const checks = Array.from({ length: count }, (_, i) => {
    const sub = readSubscription(host.mem, input + i * subscriptionSize, host.abi);
    return { sub, check: wrap(sub, checkOf(host, sub, host.progress[i])) };
  });
  /** Until then nothing is told but what is new. */
  let heldUntilNs: bigint | undefined;
  const attempt = (): HandlerResult => {
    // What has changed by now is seen: without this a busy server waits twice each time (bench servers, 1 connection).
    void host.network?.changes.next;
    const events: Event[] = [];
    const pending: Pending[] = [];
    const told: Subscription[] = [];
    for (const { sub, check } of checks) {
      const state = check();
      if (!("error" in state)) pending.push(state);
      else {
        events.push({ userdata: sub.userdata, tag: sub.tag, ...state });
        told.push(sub);
      }
    }
    if (events.length === 0 && host.isDeterministic && host.clock?.skipTo(waitFor(pending).deadlineNs ?? 0n))
      return attempt();
    if (events.length === 0) return new Underway(waitFor(pending), attempt, () => timeLeft(host, pending));
    const writable = onlyWritable(host, told);
    heldUntilNs ??= holdUntil(host, writable);
    if (writable !== undefined && (host.clock?.hostNow() ?? 0n) < heldUntilNs)
      return new Underway(waitFor([...pending, { deadlineNs: heldUntilNs }]), attempt, () => timeLeft(host, pending));
    for (const [i, event] of events.entries()) writeEvent(host.mem, output + i * sizes.event, event);
    host.mem.setU32(nevents, events.length);
  };
  return attempt();
}

/** For how long a call that tells of nothing but `writable` waits for more; 0: not at all. */
function holdUntil({ idlePolls, clock }: Context, writable: readonly Socket[] | undefined): bigint {
  const ms = idlePolls.holdMs(writable);
  return ms === 0 || clock === undefined ? 0n : clock.hostNow() + BigInt(ms) * 1_000_000n;
}

/** The sockets that `told` says can be written to; undefined when it says anything else. */
function onlyWritable(host: Context, told: readonly Subscription[]): readonly Socket[] | undefined {
  const sockets: Socket[] = [];
  for (const sub of told) {
    const d = sub.tag === 2 ? host.fds.find(sub.fd) : undefined;
    if (d?.kind !== "stream" || d.socket === undefined || d.socket.isHungUp) return undefined;
    sockets.push(d.socket);
  }
  return sockets;
}

function waitFor(pending: readonly Pending[]): { deadlineNs: bigint | undefined; sources: WaitSource[] } {
  const deadlines = pending.map((p) => p.deadlineNs).filter((ns) => ns !== undefined);
  return {
    deadlineNs: deadlines.sort((a, b) => (a < b ? -1 : 1))[0],
    // All sockets wait for the same thing.
    sources: [...new Set(pending.map((p) => p.source).filter((s) => s !== undefined))],
  };
}

/** For each subscription the ns it still has to wait, if it waits for a relative time. All of them are pending. */
function timeLeft(host: Context, pending: readonly Pending[]): Progress {
  const now = host.clock?.hostNow() ?? 0n;
  return pending.map(({ deadlineNs, isAbsolute }) =>
    deadlineNs === undefined || isAbsolute ? undefined : deadlineNs > now ? deadlineNs - now : 0n,
  );
}

/**
 * A check that may be made many times; what is wrong with the subscription itself is found here.
 *
 * @param leftNs  of a relative time, what was left when the guest was saved while it waited
 */
function checkOf(host: Context, sub: Subscription, leftNs: bigint | undefined): Check {
  try {
    if (sub.tag === 0) {
      const isGoingOn = leftNs !== undefined && leftNs < sub.timeoutNs && !sub.isAbsolute;
      return clockCheck(host, sub.clock, isGoingOn ? leftNs : sub.timeoutNs, sub.isAbsolute);
    }
    const d = host.fds.get(sub.fd);
    if ((d.dropped & (pollRight | (sub.tag === 1 ? readRight : writeRight))) !== 0) fail("NOTCAPABLE");
    return sub.tag === 1 ? readCheck(host, d) : writeCheck(d);
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined) throw error;
    return () => broken(code);
  }
}

/** Relative times count on the host's monotonic clock, absolute ones on the clock they name. */
function clockCheck(host: Context, id: number, timeoutNs: bigint, isAbsolute: boolean): Check {
  const [clock, name] = clockOf(host, id);
  if (name !== "realtime" && name !== "monotonic") fail("INVAL");
  const left = isAbsolute ? timeoutNs - (clock.now(name) ?? fail("INVAL")) : timeoutNs;
  const deadlineNs = clock.hostNow() + left;
  return () => {
    const isOver = clock.hostNow() >= deadlineNs || (isAbsolute && (clock.now(name) ?? 0n) >= timeoutNs);
    return isOver ? ready() : { deadlineNs, isAbsolute };
  };
}

function readCheck(host: Context, d: Descriptor): Check {
  if (d.kind === "stream" && d.socket !== undefined) return socketCheck(d.socket, () => d.socket!.canRead(), true);
  if (d.kind === "stream") {
    const input = d.input ?? fail("BADF");
    // Whether input is there already is chance. In virtual time all of it is, and reading waits for it.
    if (host.isDeterministic) return () => ready(1);
    return () => (input.ready.isReady() ? arrived(input.available()) : { source: input.ready });
  }
  if (d.kind === "dir" || !d.isRead) return fail("BADF");
  return () => arrived(Math.max(0, d.file.size() - positionOf(d)));
}

/** The end of what the peer sends makes a socket readable; only when both directions are gone it has hung up. */
function socketCheck(socket: Socket, isReady: () => boolean, isRead: boolean): Check {
  return () =>
    isReady()
      ? ready(isRead ? socket.available() : 0, socket.isHungUp ? eventrwflags.hangup : 0)
      : { source: socket.ready };
}

const arrived = (bytes: number): Ready => ready(bytes, bytes === 0 ? eventrwflags.hangup : 0);

/** Output is always worth trying; when it would have to wait, the write does. */
function writeCheck(d: Descriptor): Check {
  if (d.kind === "stream" && d.socket !== undefined) return socketCheck(d.socket, () => d.socket!.canWrite(), false);
  if (d.kind === "dir" || (d.kind === "stream" ? d.output === undefined : !d.isWrite)) return fail("BADF");
  return () => ready();
}
