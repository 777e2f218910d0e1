/**
 * The stack of an error as V8 writes it, whatever `Error.prepareStackTrace` the host has: one that maps sources takes
 * longer than the guest's call, and others give no text at all.
 */
const errors = Error as { prepareStackTrace?: unknown };

/** Empty where there is none, and where something else was made of it before. */
export function plainStack(error: Error): string {
  const own = Object.getOwnPropertyDescriptor(Error, "prepareStackTrace");
  if (typeof own?.value !== "function" || own.writable !== true) return textOf(error);
  errors.prepareStackTrace = undefined;
  try {
    return textOf(error);
  } finally {
    errors.prepareStackTrace = own.value;
  }
}

const textOf = ({ stack }: Error): string => (typeof stack === "string" ? stack : "");
