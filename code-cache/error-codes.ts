/** What is wrong with a folder for compiled code: the class, and what each code means. */

/** Code to meaning; `wasmts explain CODE` prints a row. */
export const codeCacheCodes = {
  WT5301: {
    title: "folder for compiled code that cannot be used",
    explanation:
      "What is given as the place for compiled code must be a directory that this process may read and write, or a path where it may make one.",
    example: "wasmts --code-cache /etc/hosts app.wasm",
  },
  WT5302: {
    title: "folder for compiled code that others may write",
    explanation:
      "Code is taken from it and run with all that this process may do. So it must belong to the user who runs the process, and neither its group nor others may write to it; nor may a guest reach it.",
    example: "wasmts --code-cache /tmp app.wasm   # a directory of its own, with mode 700, is fine",
  },
} as const;

export type CodeCacheErrorCode = keyof typeof codeCacheCodes;

export class CodeCacheError extends Error {
  override readonly name = "CodeCacheError";
  /** Row of `codeCacheCodes`. */
  readonly code: CodeCacheErrorCode;
  /** What the user can do. One sentence. */
  readonly hint: string;

  constructor(code: CodeCacheErrorCode, message: string, hint: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.hint = hint;
  }
}
