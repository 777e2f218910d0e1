/** Compiled code in files, for other processes; re-exports only. */
export { CodeCache, type CodeCacheOptions } from "./code-cache.ts";
export { CodeCacheError, type CodeCacheErrorCode, codeCacheCodes } from "./error-codes.ts";
