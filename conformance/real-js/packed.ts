/** The package as users have it, bundled: `npm run build` makes it. */
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { root } from "../real/project.ts";

/** @param entry such as "polyfill-node" */
export const packed = <T>(entry: string): Promise<T> =>
  import(pathToFileURL(join(root, "dist/npm", `${entry}.js`)).href) as Promise<T>;

/** The folder of compiled code, where one is named. */
export async function codeStore(folder: string): Promise<object | undefined> {
  if (folder === "") return undefined;
  const { CodeCache } = await packed<{ CodeCache: new (path: string) => object }>("code-cache");
  return new CodeCache(folder);
}
