/** Errors with the class and the `code` that `node:wasi` gives them, so that programs written for it keep working. */

/** `code` is of the form `ERR_...`. */
export function codedError(base: new (message: string) => Error, code: string, message: string): Error {
  return Object.assign(new base(message), { code });
}

/** "Received type number (3)" and the like, as Node words it. */
export function received(value: unknown): string {
  if (value === undefined || value === null) return `Received ${value}`;
  if (typeof value === "function") return `Received function ${value.name}`;
  if (typeof value === "object") return `Received an instance of ${value.constructor?.name ?? "Object"}`;
  return `Received type ${typeof value} (${String(value)})`;
}

/** The error for a value of the wrong type. @param what  such as `The "options.args" property must be ...` */
export function typeError(what: string, value: unknown): Error {
  return codedError(TypeError, "ERR_INVALID_ARG_TYPE", `${what}. ${received(value)}`);
}
