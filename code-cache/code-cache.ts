/**
 * Compiled code in a folder: which modules are valid, and the JavaScript that was made of their functions, with V8's code for
 * it. A process that runs a module once more neither validates nor generates nor parses. Bench: conformance:real.
 *
 * Files are named by digests of all that their contents depend on: the module, the engine, settings, V8 and its flags. What
 * is new is written when the process exits, or by `flush`: then V8 compiles it once more, and as a whole.
 */
import { createHash, randomBytes } from "node:crypto";
import { cachedDataVersionTag } from "node:v8";
import type { CodeStore, ModuleStore, TextStore } from "../engine/index.ts";
import { buildId } from "./build-id.ts";
import { Folder } from "./folder.ts";
import { fromBytes, toParts } from "./packet.ts";
import {
  codeOf,
  type Entry,
  type Functions,
  functionsOf,
  linesBefore,
  type Scripted,
  scriptOf,
  setNumber,
} from "./script.ts";

export interface CodeCacheOptions {
  /** Most bytes of all files; what was not used for longest goes first. Default 512 MiB. */
  readonly maxBytes?: number | undefined;
  /** Told when something could not be written; the program goes on without. Default: nobody is. */
  readonly onProblem?: ((problem: unknown) => void) | undefined;
}

const MAX_BYTES = 2 ** 29;
/** Smaller modules are validated in less time than it takes to read a file. */
const MIN_VALIDITY_BYTES = 16_384;
/** Nothing is written for fewer new texts than this part of what there is: all of it is written again. */
const NEW_SHARE = 1 / 16;
/** Of the texts of one module; with V8's code three times as much is in a file. esbuild has 22 MB. */
const MAX_SOURCE = 2 ** 26;

export class CodeCache implements CodeStore {
  /** Most bytes of all files. */
  readonly maxBytes: number;
  private readonly folder: Folder;
  private readonly onProblem: (problem: unknown) => void;
  private readonly collections = new Map<string, Collection>();

  /**
   * @param folder is made if there is none; must be this user's alone, and out of reach for guests
   * @throws CodeCacheError WT5301, WT5302
   */
  constructor(folder: string, { maxBytes = MAX_BYTES, onProblem = () => {} }: CodeCacheOptions = {}) {
    this.maxBytes = maxBytes;
    this.folder = new Folder(folder, maxBytes);
    this.onProblem = onProblem;
  }

  /** Of the folder, without symbolic links. */
  get path(): string {
    return this.folder.path;
  }

  of(bytes: Uint8Array): ModuleStore {
    const digest = createHash("sha256").update(bytes).digest("hex");
    const isLarge = bytes.length >= MIN_VALIDITY_BYTES;
    return {
      validity: (rules) => (isLarge ? this.validity(digest, rules) : undefined),
      keepValidity: (rules, features) => {
        if (isLarge) this.attempt(() => this.folder.write(validityName(digest, rules), toParts({ features })));
      },
      texts: (settings) => new Texts(this.collection(digest, settings)),
    };
  }

  /**
   * Writes what is new. Programs that run until they are killed call it when they have time.
   *
   * @cost O(all code of each module with new code), as V8 compiles it: some 20 MB of text a second
   */
  flush(): void {
    for (const collection of this.collections.values()) this.attempt(() => collection.flush());
  }

  private validity(digest: string, rules: string): readonly string[] | undefined {
    const bytes = this.folder.read(validityName(digest, rules));
    const packet = bytes && fromBytes(bytes);
    return packet && (packet.head as { features: readonly string[] }).features;
  }

  private collection(digest: string, settings: string): Collection {
    const key = `${digest} ${settings}`;
    let found = this.collections.get(key);
    if (found === undefined) {
      found = new Collection(this.folder, digest, settings, () => flushAtExit(this));
      this.collections.set(key, found);
    }
    return found;
  }

  private attempt(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.onProblem(error);
    }
  }
}

/** Those with something new. */
const unwritten = new Set<CodeCache>();

function flushAtExit(cache: CodeCache): void {
  if (unwritten.size === 0) process.once("exit", () => unwritten.forEach((each) => void each.flush()));
  unwritten.add(cache);
}

const validityName = (module: string, rules: string): string => `${digestOf(buildId(), module, rules)}.valid`;

function digestOf(...parts: readonly string[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("hex");
}

/** What a file has. */
interface Content {
  readonly scripted: Scripted;
  /** Of the source in stacks, after `wasmts:`. */
  readonly name: string;
  /** Of V8. */
  readonly code: Buffer;
}

/** The texts of one module under one set of settings: those in a file, and new ones. */
class Collection {
  private readonly folder: Folder;
  private readonly module: string;
  private readonly settings: string;
  /** Called when there may be something to write. */
  private readonly onNew: () => void;
  private readonly fresh = new Map<string, string>();
  private freshLength = 0;
  private loads = 0;
  /** V8 did not take the code in the file. */
  private isStale = false;

  constructor(folder: Folder, module: string, settings: string, onNew: () => void) {
    this.folder = folder;
    this.module = module;
    this.settings = settings;
    this.onNew = onNew;
  }

  /** V8's flags may change while the process runs. */
  private get file(): string {
    const v8 = `${cachedDataVersionTag()} ${process.versions.v8} ${process.arch}`;
    return `${digestOf(buildId(), v8, this.module, this.settings)}.code`;
  }

  private read(number = 0): Content | undefined {
    const bytes = this.folder.read(this.file);
    const packet = bytes && fromBytes(bytes);
    if (packet === undefined) return undefined;
    const { entries, length, name } = packet.head as { entries: readonly Entry[]; length: number; name: string };
    setNumber(packet.bytes, number);
    // Texts are of fixed words and numbers only.
    const source = packet.bytes.toString("latin1", 0, length);
    return { scripted: { source, entries }, name, code: packet.bytes.subarray(length) };
  }

  /** What the file has now; each call gives other functions. */
  load(): Loaded {
    const content = this.read(this.loads++);
    if (content === undefined) return nothing;
    const { scripted, name, code } = content;
    const made = functionsOf(scripted.source, `wasmts:${name}`, code);
    if (made === undefined) return nothing;
    if (!made.isTaken) {
      this.isStale = true;
      this.onNew();
    }
    return { scripted, name, list: made.list, places: new Map(scripted.entries.map((entry, i) => [entry.name, i])) };
  }

  keep(name: string, text: string): void {
    if (this.fresh.has(name) || this.freshLength + text.length > MAX_SOURCE) return;
    if (this.fresh.size === 0) this.onNew();
    this.fresh.set(name, text);
    this.freshLength += text.length;
  }

  /** Adds to what the file has by now, which may be of others. @throws what the system says */
  flush(): void {
    if (this.fresh.size === 0 && !this.isStale) return;
    const { source, entries } = this.read()?.scripted ?? nothing.scripted;
    const all = new Map(entries.map(({ name, start, end }) => [name, source.slice(start, end)]));
    let more = 0;
    for (const [name, text] of this.fresh) {
      if (all.has(name)) continue;
      all.set(name, text);
      more += text.length;
    }
    const isDue = more > 0 && more >= source.length * NEW_SHARE;
    if ((isDue || this.isStale) && source.length + more <= MAX_SOURCE) this.write(scriptOf(all));
  }

  private write(scripted: Scripted): void {
    const { source, entries } = scripted;
    const name = `k${randomBytes(8).toString("hex")}`;
    const parts = [Buffer.from(source, "latin1"), codeOf(scripted, `wasmts:${name}`)];
    this.folder.write(this.file, toParts({ entries, length: source.length, name }, ...parts));
    this.isStale = false;
    this.fresh.clear();
    this.freshLength = 0;
  }
}

/** Code of one user of a collection. */
class Texts implements TextStore {
  private readonly collection: Collection;
  private loaded: Loaded | undefined;

  constructor(collection: Collection) {
    this.collection = collection;
  }

  get source(): string | undefined {
    return this.loaded?.name;
  }

  /** Not before it is asked for: many programs end sooner. */
  private get file(): Loaded {
    this.loaded ??= this.collection.load();
    return this.loaded;
  }

  has(name: string): boolean {
    return this.file.places.has(name);
  }

  find(name: string): Functions[number] | undefined {
    const place = this.file.places.get(name);
    return place === undefined ? undefined : this.file.list[place];
  }

  linesBefore(name: string): number {
    const { scripted, places } = this.file;
    return linesBefore(scripted, places.get(name) as number);
  }

  keep(name: string, text: string): void {
    this.collection.keep(name, text);
  }
}

interface Loaded {
  readonly scripted: Scripted;
  readonly name: string | undefined;
  /** In `list`, by name. */
  readonly places: ReadonlyMap<string, number>;
  readonly list: Functions;
}

const nothing: Loaded = { scripted: { source: "", entries: [] }, name: undefined, places: new Map(), list: [] };
