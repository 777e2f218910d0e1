/** What the guest's thread asks of the I/O thread, and what it is answered. Everything here can be cloned. */
import type { MessagePort } from "node:worker_threads";
import type { ErrnoName } from "../../../errno.ts";
import type { Address, Family } from "../../../net/address.ts";
import type { SocketSettings, SocketType } from "../../../net/socket.ts";

/** What the I/O thread is started with. */
export interface IoStart {
  readonly words: Int32Array;
  readonly port: MessagePort;
}

/** A socket by its number. `id` of those that make one: the number that it gets. */
export type Request =
  | {
      readonly op: "open";
      readonly id: number;
      readonly family: Family;
      readonly type: SocketType;
      readonly buffer: SharedArrayBuffer;
    }
  | { readonly op: "bind" | "connect"; readonly id: number; readonly address: Address }
  | { readonly op: "listen"; readonly id: number }
  | { readonly op: "accept"; readonly id: number; readonly accepted: number; readonly buffer: SharedArrayBuffer }
  | { readonly op: "addresses"; readonly id: number }
  | { readonly op: "apply"; readonly id: number; readonly settings: SocketSettings }
  | { readonly op: "lookup"; readonly id: number; readonly name: string }
  | {
      readonly op: "listener";
      readonly id: number;
      readonly host: string;
      readonly port: number;
      readonly buffer: SharedArrayBuffer;
    }
  | {
      readonly op: "inherited";
      readonly id: number;
      readonly fd: number;
      readonly isConnected: boolean;
      readonly buffer: SharedArrayBuffer;
    };

type Unnumbered<R> = R extends { readonly id: number } ? Omit<R, "id"> : never;
/** Of a socket that is there. */
export type SocketRequest = Unnumbered<
  Extract<Request, { readonly op: "bind" | "connect" | "listen" | "accept" | "addresses" | "apply" }>
>;

/** To the I/O thread; "wake": look at the queue, "end": nothing more will come. */
export type ToIo = Request | "wake" | "end";

/** The addresses of a socket. */
export interface Addresses {
  readonly family: Family;
  readonly local: Address;
  readonly peer: Address | undefined;
}

export type Answer =
  | { readonly kind: "done"; readonly found?: Addresses | undefined }
  | { readonly kind: "failed"; readonly error: ErrnoName }
  /** For the embedder, not the guest. */
  | { readonly kind: "refused"; readonly message: string };

/** A look-up that is over, which is told without being asked. */
export interface Found {
  readonly kind: "found";
  readonly id: number;
  readonly addresses: readonly Uint8Array[];
  readonly error: ErrnoName | undefined;
}

export type FromIo = Answer | Found;
