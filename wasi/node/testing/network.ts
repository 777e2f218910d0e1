/** A guest without WebAssembly that has a network, for tests: calls that wait are waited for, as an engine does. */
import { Blocked, type FuncInst, type HostResult } from "../../../engine/index.ts";
import { errnoName, type NetworkOptions, NodeNetwork, parseAddressRule, type WasiOptions } from "../../index.ts";
import { Guest, type Raw } from "./guest.ts";

export const rule = (text: string): NonNullable<ReturnType<typeof parseAddressRule>> => parseAddressRule(text)!;
const everything = { listen: [rule("*:*")], connect: [rule("*:*")], resolve: ["*"] };

export class NetworkGuest extends Guest {
  constructor(network: Partial<NetworkOptions> = {}, options: Partial<WasiOptions> = {}) {
    super({ network: { network: new NodeNetwork(), rules: everything, ...network }, ...options });
  }

  /** The errno's name, as `call`. Which form of several is meant, the number of arguments says. */
  async wait(name: string, ...args: Raw[]): Promise<string> {
    return errnoName((await settled(this.begin(name, ...args))) as number);
  }

  /** What the function returns at once. */
  begin(name: string, ...args: Raw[]): HostResult {
    const given = this.wasi.hostImports().wasi_snapshot_preview1![name] as FuncInst | readonly FuncInst[];
    const forms: readonly FuncInst[] = Array.isArray(given) ? given : [given as FuncInst];
    return forms.find((form) => form.type.params.length === args.length)!.host!(...args);
  }

  /** An address buffer of `size` bytes that begins with `bytes`. */
  address(bytes: readonly number[], size = bytes.length): number {
    const buffer = this.alloc(size);
    this.bytes.set(bytes, buffer);
    const at = this.alloc(8);
    this.view.setUint32(at, buffer, true);
    this.view.setUint32(at + 4, size, true);
    return at;
  }

  /** The bytes behind an address buffer. */
  addressBytes(at: number, size: number): number[] {
    const buffer = this.view.getUint32(at, true);
    return [...this.bytes.subarray(buffer, buffer + size)];
  }

  async socket(type: "stream" | "datagram" = "stream", family = 1): Promise<number> {
    const out = this.alloc(4);
    expectSuccess(await this.wait("sock_open", family, type === "stream" ? 2 : 1, out));
    return this.u32(out);
  }

  /** A listener on a free port of this machine. */
  async listen(): Promise<{ fd: number; port: number }> {
    const fd = await this.socket();
    expectSuccess(await this.wait("sock_bind", fd, this.address([127, 0, 0, 1]), 0));
    expectSuccess(await this.wait("sock_listen", fd, 16));
    return { fd, port: (await this.local(fd)).port };
  }

  async local(fd: number): Promise<{ ip: number[]; type: number; port: number }> {
    return this.#tell("sock_getlocaladdr", fd);
  }

  async peer(fd: number): Promise<{ ip: number[]; type: number; port: number }> {
    return this.#tell("sock_getpeeraddr", fd);
  }

  async #tell(name: string, fd: number): Promise<{ ip: number[]; type: number; port: number }> {
    const [at, type, port] = [this.address([0, 0, 0, 0]), this.alloc(4), this.alloc(4)];
    expectSuccess(await this.wait(name, fd, at, type, port));
    return { ip: this.addressBytes(at, 4), type: this.u32(type), port: this.u32(port) };
  }

  async accept(fd: number): Promise<number> {
    const out = this.alloc(4);
    expectSuccess(await this.wait("sock_accept", fd, out));
    return this.u32(out);
  }

  async receive(fd: number, size = 1000, flags = 0): Promise<string> {
    const { at, count, buffers } = this.iovs(size);
    const out = this.alloc(8);
    const error = await this.wait("sock_recv", fd, at, count, flags, out, out + 4);
    return error === "SUCCESS"
      ? new TextDecoder().decode(this.bytes.slice(buffers[0]![0], buffers[0]![0] + this.u32(out)))
      : error;
  }

  async send(fd: number, text: string | Uint8Array): Promise<string | number> {
    const { at, count } = this.iovs(text);
    const out = this.alloc(4);
    const error = await this.wait("sock_send", fd, at, count, 0, out);
    return error === "SUCCESS" ? this.u32(out) : error;
  }
}

function expectSuccess(error: string): void {
  if (error !== "SUCCESS") throw new Error(`errno ${error}`);
}

async function settled(result: HostResult): Promise<HostResult> {
  while (result instanceof Blocked) {
    const { sources = [], deadlineNs } = result.wait;
    await new Promise<void>((resolve) => {
      const stops = sources.map((source) => source.watch?.(resolve));
      void stops;
      // What can only be looked at, as that of another thread, is looked at soon.
      if (sources.some((source) => source.watch === undefined)) setTimeout(resolve, 1);
      if (sources.some((source) => source.isReady())) resolve();
      if (deadlineNs !== undefined) setTimeout(resolve, Number(deadlineNs - process.hrtime.bigint()) / 1e6);
    });
    result = result.retry();
  }
  return result;
}
