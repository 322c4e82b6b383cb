import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { isExecutable } from "./server-user.ts";

const run = promisify(execFile);

/**
 * Fetches the Debian package `nats-server` with apt's own tools, which check its signature, and puts the program at
 * `target`. Everything happens in private folders: it needs no root and changes nothing on the machine.
 * @throws Error that says what to do, when this machine has no apt or cannot reach its package archive.
 */
export async function fetchNatsServer(target: string): Promise<void> {
  if (!(await isExecutable("/usr/bin/apt-get")) || !(await isExecutable("/usr/bin/dpkg-deb"))) {
    throw new Error(`nats-server is not installed and this machine has no apt to fetch it with; ${whatToDo}`);
  }
  const folder = await mkdtemp(join(tmpdir(), "medport-nats-"));
  try {
    const unpacked = await fetchAndUnpack(folder);
    await mkdir(dirname(target), { recursive: true });
    // Renamed within one folder: another launcher that fetches at the same time never sees half a program.
    const half = `${target}.${process.pid}`;
    await run("cp", [join(unpacked, "usr", "sbin", "nats-server"), half]).catch(() =>
      run("cp", [join(unpacked, "usr", "bin", "nats-server"), half]),
    );
    await rename(half, target);
  } catch (cause) {
    throw new Error(`nats-server could not be fetched from this machine's package archive; ${whatToDo}`, { cause });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const whatToDo =
  "install it with the machine's package manager, name it with NATS_SERVER_BIN, " +
  "bring a broker of your own with NATS_URL, or use docker compose";

async function fetchAndUnpack(folder: string): Promise<string> {
  const own = await privateOptions(folder, "own");
  // The machine's own lists say where its archive is; a new machine has none yet, and then ours do.
  const address = (await findDebianArchive([])) ?? (await findDebianArchive(await updated(own)));
  if (address !== undefined) {
    try {
      return await downloadAndUnpack(folder, await updated(await newerSuiteOptions(folder, address)));
    } catch {
      // The newer suite is a preference: what the machine's own suite has will do.
    }
  }
  return downloadAndUnpack(folder, await updated(own));
}

/** Options that keep apt's hands off everything of the machine's. */
async function privateOptions(folder: string, name: string): Promise<readonly string[]> {
  const [lists, cache] = [join(folder, name, "lists"), join(folder, name, "cache")];
  await mkdir(join(lists, "partial"), { recursive: true });
  await mkdir(join(cache, "archives", "partial"), { recursive: true });
  return ["-qq", "-o", `Dir::State::Lists=${lists}`, "-o", `Dir::Cache=${cache}`, "-o", "Acquire::Languages=none"];
}

async function updated(options: readonly string[]): Promise<readonly string[]> {
  // One unreachable archive among several fails the whole update, and the package may still be there.
  await run("apt-get", [...options, "update"]).catch(() => undefined);
  return options;
}

async function downloadAndUnpack(folder: string, options: readonly string[]): Promise<string> {
  const packages = await mkdtemp(join(folder, "packages-"));
  await run("apt-get", [...options, "download", "nats-server"], { cwd: packages });
  const [file] = (await readdir(packages)).filter((name) => name.endsWith(".deb"));
  if (file === undefined) throw new Error("apt-get download left no package");
  await run("dpkg-deb", ["-x", join(packages, file), join(packages, "unpacked")]);
  return join(packages, "unpacked");
}

/** The suite whose nats-server knows `sync_interval: always` and has the known holes closed. It runs on older Debian too. */
const newerSuite = "trixie";

/** Where this machine gets Debian from, and the file with the keys that its lists are signed with. */
interface DebianArchive {
  readonly address: string;
  readonly keyring: string;
}

async function newerSuiteOptions(folder: string, { address, keyring }: DebianArchive): Promise<readonly string[]> {
  const sources = join(folder, "newer.list");
  await writeFile(sources, `deb [signed-by=${keyring}] ${address} ${newerSuite} main\n`);
  const options = await privateOptions(folder, "newer");
  return [...options, "-o", `Dir::Etc::SourceList=${sources}`, "-o", "Dir::Etc::SourceParts=-"];
}

/** Undefined when there are no lists, or the machine's archive is not Debian's. */
async function findDebianArchive(options: readonly string[]): Promise<DebianArchive | undefined> {
  const format = "$(ORIGIN)\t$(LABEL)\t$(COMPONENT)\t$(REPO_URI)\t$(SIGNED_BY)";
  const { stdout } = await run("apt-get", [...options, "indextargets", "--format", format, "Created-By: Packages"]);
  for (const line of stdout.split("\n")) {
    const [origin, label, component, address, signedBy] = line.split("\t");
    if (origin !== "Debian" || label !== "Debian" || component !== "main" || address === undefined) continue;
    const keyring = signedBy?.startsWith("/") ? signedBy : "/usr/share/keyrings/debian-archive-keyring.gpg";
    return { address, keyring };
  }
  return undefined;
}
