/**
 * Builds `conformance/guests/rust-servers`: with a rustc that has a standard library for WASI, and the sources of crates
 * that cargo fetches as the lock file says.
 *
 * Two of the crates ask for `std::os::fd`, which is `std::os::wasi::io` by an older name and younger than Debian's rustc:
 * in the fetched copies that is replaced.
 */
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { cacheDir, guestsDir } from "../real/project.ts";
import { command, onPath } from "../real/toolchains.ts";

const source = join(guestsDir, "rust-servers");
const programs = ["http-server", "httpbin", "client"] as const;
export type Servers = Readonly<Record<(typeof programs)[number], string>>;

const patched = ["mio_wasi", "wasmedge_wasi_socket"];

interface Compiler {
  readonly rustc: string;
  readonly target: string;
  readonly version: string;
}

/** Paths of the modules; built when the sources have changed. @throws Error when something is missing, or fails */
export async function buildServers(): Promise<Servers> {
  const compiler = await findCompiler();
  const hash = createHash("sha256").update(JSON.stringify(compiler));
  for (const file of filesIn(source)) hash.update(`\0${file}\0`).update(readFileSync(join(source, file)));
  const folder = join(cacheDir, "..", `rust-servers-${hash.digest("hex").slice(0, 16)}`);
  const built = join(folder, "target", compiler.target, "release");
  const servers = Object.fromEntries(programs.map((name) => [name, join(built, `${name}.wasm`)])) as unknown as Servers;
  if (Object.values(servers).every((path) => existsSync(path))) return servers;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  cpSync(source, folder, { recursive: true });
  await vendor(folder);
  for (const crate of patched) patch(join(folder, "vendor", crate));
  const cargo = join(dirname(compiler.rustc), "cargo");
  const args = ["build", "--offline", "--locked", "--release", "--target", compiler.target];
  await command(cargo, args, { RUSTC: compiler.rustc, CARGO_TARGET_DIR: join(folder, "target") }, folder);
  return servers;
}

const filesIn = (folder: string): string[] =>
  readdirSync(folder, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();

async function findCompiler(): Promise<Compiler> {
  for (const rustc of onPath("rustc"))
    for (const target of ["wasm32-wasi", "wasm32-wasip1"]) {
      const library = await command(rustc, ["--print", "target-libdir", "--target", target]).catch(() => "");
      if (!existsSync(library.trim()) || !existsSync(join(dirname(rustc), "cargo"))) continue;
      return { rustc, target, version: await command(rustc, ["-vV"]) };
    }
  throw new Error(
    "no rustc and cargo with a standard library for wasm32-wasi; install rustc cargo libstd-rust-dev-wasm32",
  );
}

/** Fetches the crates of the lock file into `vendor`, and has cargo take them from there. */
async function vendor(folder: string): Promise<void> {
  const cargo = await fetchingCargo();
  const config = await command(cargo, ["vendor", "--locked", "vendor"], {}, folder);
  mkdirSync(join(folder, ".cargo"), { recursive: true });
  writeFileSync(join(folder, ".cargo", "config.toml"), config);
}

/** Cargo before 1.68 fetches the whole index first, which takes minutes: another one where there is one. */
async function fetchingCargo(): Promise<string> {
  const all = onPath("cargo");
  for (const cargo of all) {
    const minor = /^cargo 1\.(\d+)/.exec(await command(cargo, ["--version"]).catch(() => ""))?.[1];
    if (Number(minor) >= 68) return cargo;
  }
  return all[0] ?? "cargo";
}

function patch(crate: string): void {
  for (const file of filesIn(join(crate, "src"))) {
    const path = join(crate, "src", file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll("os::fd::", "os::wasi::io::"));
  }
  // Cargo compares each file of a fetched crate, those of no list it does not.
  const sums = join(crate, ".cargo-checksum.json");
  writeFileSync(sums, JSON.stringify({ ...(JSON.parse(readFileSync(sums, "utf8")) as object), files: {} }));
}
