/** Options of sockets: their numbers and payloads. All are of level 0 (SOL_SOCKET). Source: WasmEdge's socket extension. */
import { errno, fail } from "../errno.ts";
import type { Socket } from "./socket.ts";

/** Reads and writes one option; what is absent is not there for that direction. */
interface OptionDef {
  get?(socket: Socket): Uint8Array;
  set?(socket: Socket, value: DataView): void;
}

const int = (value: number): Uint8Array => {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
};
const readInt = (value: DataView): number => {
  if (value.byteLength < 4) fail("INVAL");
  return value.getInt32(0, true);
};

const MAX_BUFFER = 1 << 24;

const flag = (name: "keepAlive" | "broadcast" | "reuseAddress"): OptionDef => ({
  get: ({ settings }) => int(settings[name] ? 1 : 0),
  set: ({ settings }, value) => {
    settings[name] = readInt(value) !== 0;
  },
});
const bufferSize = (name: "sendBuffer" | "receiveBuffer"): OptionDef => ({
  get: ({ settings }) => int(settings[name]),
  set: ({ settings }, value) => {
    settings[name] = Math.min(MAX_BUFFER, Math.max(1024, readInt(value)));
  },
});
/** Seconds and microseconds. */
const timeout = (name: "receiveTimeoutMs" | "sendTimeoutMs"): OptionDef => ({
  get({ settings }) {
    const bytes = new Uint8Array(16);
    const view = new DataView(bytes.buffer);
    view.setBigInt64(0, BigInt(Math.floor(settings[name] / 1000)), true);
    view.setBigInt64(8, BigInt(Math.round((settings[name] % 1000) * 1000)), true);
    return bytes;
  },
  set({ settings }, value) {
    if (value.byteLength < 16) fail("INVAL");
    const [seconds, micros] = [value.getBigInt64(0, true), value.getBigInt64(8, true)];
    if (seconds < 0n || micros < 0n || micros >= 1_000_000n) fail("DOM");
    settings[name] = Number(seconds) * 1000 + Number(micros) / 1000;
  },
});
/** Taken, without effect: Node.js has no such option. */
const ignored: OptionDef = { get: () => int(0), set: (_, value) => void readInt(value) };

const linger: OptionDef = {
  get({ settings }) {
    const bytes = new Uint8Array(8);
    bytes.set(int(settings.linger === undefined ? 0 : 1));
    bytes.set(int(settings.linger ?? 0), 4);
    return bytes;
  },
  set({ settings }, value) {
    if (value.byteLength < 8) fail("INVAL");
    settings.linger = value.getInt32(0, true) === 0 ? undefined : value.getInt32(4, true);
  },
};

const options: readonly OptionDef[] = [
  flag("reuseAddress"),
  { get: ({ type }) => int(type === "datagram" ? 1 : 2) },
  {
    get(socket) {
      const error = socket.takeError();
      return int(error === undefined ? 0 : errno[error]);
    },
  },
  ignored, // DONTROUTE
  flag("broadcast"),
  bufferSize("sendBuffer"),
  bufferSize("receiveBuffer"),
  flag("keepAlive"),
  ignored, // OOBINLINE
  linger,
  ignored, // RCVLOWAT
  timeout("receiveTimeoutMs"),
  timeout("sendTimeoutMs"),
  { get: ({ isListening }) => int(isListening ? 1 : 0) },
];

const optionOf = (level: number, name: number): OptionDef => (level === 0 ? options[name] : undefined) ?? fail("INVAL");

/** @throws Failure INVAL, NOPROTOOPT */
export const getOption = (socket: Socket, level: number, name: number): Uint8Array =>
  optionOf(level, name).get?.(socket) ?? fail("NOPROTOOPT");

/** @throws Failure INVAL, NOPROTOOPT, DOM */
export function setOption(socket: Socket, level: number, name: number, value: Uint8Array): void {
  const { set } = optionOf(level, name);
  if (set === undefined) fail("NOPROTOOPT");
  set(socket, new DataView(value.buffer, value.byteOffset, value.byteLength));
  socket.apply();
}
