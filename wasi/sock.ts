/**
 * sock_accept, sock_recv, sock_send, sock_shutdown. This host has no sockets yet: a closed descriptor is BADF (decided
 * before these run), any other is not a socket.
 */
import { fail } from "./errno.ts";

export function sock_accept(): never {
  return fail("NOTSOCK");
}

export function sock_recv(): never {
  return fail("NOTSOCK");
}

export function sock_send(): never {
  return fail("NOTSOCK");
}

export function sock_shutdown(): never {
  return fail("NOTSOCK");
}
