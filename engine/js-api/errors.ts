/**
 * `CompileError`, `LinkError`, `RuntimeError`: classes of errors with the shape of JavaScript's own, which may be called
 * without `new` and whose methods nobody enumerates. Spec: js-api (error objects).
 */

export interface NativeErrorConstructor {
  new (message?: unknown, options?: unknown): Error;
  (message?: unknown, options?: unknown): Error;
  readonly prototype: Error;
}

function nativeError(name: string): NativeErrorConstructor {
  const made = function NativeError(this: unknown, message?: unknown, ...rest: unknown[]): Error {
    const args = message === undefined && rest.length === 0 ? [] : [message, ...rest];
    return Reflect.construct(Error, args, new.target ?? made) as Error;
  };
  Object.setPrototypeOf(made, Error);
  const hidden = (value: unknown) => ({ value, writable: true, enumerable: false, configurable: true });
  const prototype = Object.create(Error.prototype, {
    constructor: hidden(made),
    name: hidden(name),
    message: hidden(""),
  });
  Object.defineProperty(made, "name", { value: name });
  Object.defineProperty(made, "prototype", { value: prototype, writable: false });
  return made as unknown as NativeErrorConstructor;
}

export const CompileError: NativeErrorConstructor = nativeError("CompileError");
export const LinkError: NativeErrorConstructor = nativeError("LinkError");
export const RuntimeError: NativeErrorConstructor = nativeError("RuntimeError");
