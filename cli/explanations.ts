/** Every error code there is, with its meaning: the tables of the rooms as one. */
import { codeCacheCodes } from "../code-cache/error-codes.ts";
import { errorCodes } from "../engine/error-codes.ts";
import { wasiErrorCodes } from "../wasi/index.ts";
import { cliCodes } from "./error-codes.ts";

export interface Explanation {
  readonly title: string;
  readonly explanation: string;
  readonly example?: string;
  readonly fix?: string;
}

export const explanations: Readonly<Record<string, Explanation>> = {
  ...errorCodes,
  ...codeCacheCodes,
  ...wasiErrorCodes,
  ...cliCodes,
};
