/** Modules from responses. Spec: web-api (streaming module compilation). */
import { moduleLimits } from "../limits.ts";
import { CompileError } from "./errors.ts";
import { isObject } from "./web-idl.ts";

/** The parts of a `Response` that are read. */
interface ResponseLike {
  readonly ok: boolean;
  readonly status: number;
  readonly headers: { get(name: string): string | null };
  readonly bodyUsed: boolean;
  readonly body: { getReader(): Reader } | null;
  arrayBuffer(): Promise<ArrayBuffer>;
}
interface Reader {
  read(): Promise<{ readonly done: boolean; readonly value?: Uint8Array }>;
  cancel(reason?: unknown): Promise<void>;
}

const MAX_BYTES = moduleLimits.moduleBytes.value;

/** The bytes of the response `source`, or of that which it promises. Rejects with TypeError, CompileError, what reading fails with. */
export async function bytesOf(source: unknown): Promise<Uint8Array> {
  const response = await source;
  if (!isResponse(response)) throw new TypeError("the argument is not a Response, nor the promise of one");
  const type = (response.headers.get("Content-Type") ?? "").trim();
  if (type.toLowerCase() !== "application/wasm") {
    throw new TypeError(`the MIME type of the response is ${JSON.stringify(type)}, not application/wasm`);
  }
  if (!response.ok) throw new TypeError(`the status of the response is ${response.status}`);
  if (response.bodyUsed) throw new TypeError("the body of the response was read already");
  return response.body === null ? new Uint8Array(await response.arrayBuffer()) : read(response.body.getReader());
}

function isResponse(v: unknown): v is ResponseLike {
  const { Response } = globalThis as { Response?: new () => object };
  if (Response !== undefined && v instanceof Response) return true;
  return isObject(v) && Object.prototype.toString.call(v) === "[object Response]";
}

/** All that `reader` gives; what is too long to be a module is given up in the middle. */
async function read(reader: Reader): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    if (!(value instanceof Uint8Array)) {
      void reader.cancel().catch(() => undefined);
      throw new TypeError("the body of the response is not one of bytes");
    }
    parts.push(value);
    length += value.length;
    if (length > MAX_BYTES) {
      void reader.cancel().catch(() => undefined);
      throw new CompileError(`the module has more than ${MAX_BYTES} bytes`);
    }
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}
