/** What a socket begins with. */
import type { SocketSettings } from "../../net/socket.ts";

export const freshSettings = (): SocketSettings => ({
  keepAlive: false,
  broadcast: false,
  sendBuffer: 212_992,
  receiveBuffer: 212_992,
  receiveTimeoutMs: 0,
  sendTimeoutMs: 0,
  reuseAddress: false,
  linger: undefined,
});
