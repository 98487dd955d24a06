import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { clean, fail } from '../delivery/errors.ts';
import { withLock } from '../delivery/git/lock.ts';
import { realTiming } from '../delivery/git/timing.ts';
import { type RunResult, tryRun } from '../delivery/process.ts';
import type { Tool } from './tool-table.ts';

/** A group of tools on this machine: where its module is, what it holds, where its programs go. */
export interface Workshop {
  /** Absolute folder of the module. */
  readonly module: string;
  /** The group's tools by name. */
  readonly tools: Readonly<Record<string, Tool>>;
  /** Seconds a build from nothing takes. */
  readonly seconds: number;
  /** Absolute folder that holds one folder of programs per group and key. */
  readonly cache: string;
  /** Environment of the build: PATH, HOME, Go's proxy and caches. */
  readonly env: NodeJS.ProcessEnv;
}

type Progress = (line: string) => void;

/** Lines shown at most while one build compiles. */
const progressSteps = 20;
/** How `go build -v` names a package. */
const packageLine = /^[\w.~-]+(\/[\w.~-]+)*$/;
const buildTimeout = 3_600_000;

/** Version of the Go toolchain on PATH, `go1.26.8`. @throws Failure E_TOOL when there is none */
export async function goVersion(env: NodeJS.ProcessEnv): Promise<string> {
  const found = await tryRun(['go', 'env', 'GOVERSION'], { env: goEnvironment(env) });
  if (found.exitCode === 127) fail('E_TOOL', 'go', undefined, 'Go builds the tools', 'install it from go.dev/dl and put it on PATH');
  if (found.exitCode !== 0) fail('E_TOOL', 'go', lastWords(found), 'must tell its version', 'repair the Go installation');
  return found.stdout.trim();
}

/** Folder of the group's programs: another one for every change of the module, the table or the toolchain. */
export function programFolder(workshop: Workshop, go: string): string {
  const hash = createHash('sha256').update(`${go} ${process.platform} ${process.arch} ${JSON.stringify(workshop.tools)}`);
  const files = readdirSync(workshop.module, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  for (const file of files.map((entry) => join(entry.parentPath, entry.name)).sort()) {
    hash.update(`\0${file.slice(workshop.module.length)}\0`).update(readFileSync(file));
  }
  return join(workshop.cache, `${basename(workshop.module)}-${hash.digest('hex').slice(0, 16)}`);
}

/**
 * Builds the named tools of a group that are not there yet and returns the folder they are in, each under its name.
 * A program appears only when it is complete; of two builders at once, one waits for the other.
 * @throws Failure E_TOOL when Go is missing, too old, or can't build it; E_NO_SPACE when the disk is full
 */
export async function build(workshop: Workshop, names: readonly string[], onProgress: Progress): Promise<string> {
  const go = await goVersion(workshop.env);
  const folder = programFolder(workshop, go);
  const missing = () => names.filter((name) => !existsSync(join(folder, name)));
  if (missing().length === 0) return folder;
  requireGo(go, workshop.module);
  mkdirSync(folder, { recursive: true });
  const work = async () => {
    for (const batch of batches(workshop, missing())) await buildBatch(workshop, batch, folder, onProgress);
  };
  const group = basename(workshop.module);
  const onWait = (holder: string) => onProgress(`${group}: being built ${holder}`);
  await withLock(join(folder, '.lock'), group, { timing: realTiming(), patience: buildTimeout, onWait }, work);
  return folder;
}

/** Folder of a module's files as downloaded, at the version that the group pins. @throws Failure E_TOOL */
export async function moduleFolder(workshop: Workshop, modulePath: string): Promise<string> {
  const known = await go(workshop, ['list', '-m', '-f', '{{.Dir}}', modulePath]);
  if (known.stdout.trim()) return known.stdout.trim();
  await go(workshop, ['mod', 'download', modulePath]);
  return (await go(workshop, ['list', '-m', '-f', '{{.Dir}}', modulePath])).stdout.trim();
}

/**
 * Folder of a module's files at any version, whatever a group pins; downloaded, and checked by Go's checksum database, when it isn't there.
 * @throws Failure E_TOOL
 */
export async function downloadModule(modulePath: string, version: string, env: NodeJS.ProcessEnv): Promise<string> {
  await goVersion(env);
  const argv = ['go', 'mod', 'download', '-json', `${modulePath}@${version}`] as const;
  // in a folder that belongs to no module
  const found = await tryRun(argv, { cwd: '/', env: goEnvironment(env), timeout: buildTimeout });
  const { Dir, Error: reason } = parseDownload(found.stdout);
  if (Dir) return Dir;
  const fix = 'check the version, the network and GOPROXY';
  return fail('E_TOOL', `${modulePath}@${version}`, clean(reason ?? lastWords(found)).slice(0, 300), 'Go must be able to download it', fix);
}

/** What `go mod download -json` prints, also when it fails; nothing when it was stopped earlier. */
function parseDownload(text: string): { readonly Dir?: string; readonly Error?: string } {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

/** Tools that can share one `go build`, so that what they have in common is compiled once. */
function batches(workshop: Workshop, names: readonly string[]): string[][] {
  const flags = (name: string) => JSON.stringify([entry(workshop, name).tags ?? [], entry(workshop, name).cgo ?? false]);
  return Object.values(Object.groupBy(names, flags)).map((batch) => batch ?? []);
}

async function buildBatch(workshop: Workshop, names: readonly string[], folder: string, onProgress: Progress): Promise<void> {
  const group = basename(workshop.module);
  const tools = names.map((name) => entry(workshop, name));
  const { tags = [], cgo = false } = tools[0] as Tool;
  const flags = ['-trimpath', '-buildvcs=false', `-tags=${tags.join(',')}`];
  const packages = tools.map((tool) => tool.package);
  removeLeftovers(folder);
  const building = mkdtempSync(join(folder, '.building-'));
  try {
    onProgress(`${group}: building ${names.join(', ')}; up to ${workshop.seconds} s on 2 cores`);
    const total = (await go(workshop, ['list', ...flags.slice(2), '-deps', ...packages], { cgo })).stdout.trim().split('\n').length;
    const linker = tools.map((tool) => `-ldflags=${tool.package}=${['-s', '-w', ...(tool.ldflags ?? [])].join(' ')}`);
    const onLine = countPackages(group, total, onProgress);
    await go(workshop, ['build', '-v', ...flags, ...linker, '-o', `${building}/`, ...packages], { cgo, onLine });
    for (const name of names) renameSync(join(building, programName(entry(workshop, name).package)), join(folder, name));
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
}

/** What a killed builder left; its compiler may still be writing there, so no folder is used twice. */
function removeLeftovers(folder: string): void {
  for (const name of readdirSync(folder).filter((file) => file.startsWith('.building-'))) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** What `go build` names the program of a package: its last element that isn't a major version. */
function programName(packagePath: string): string {
  return basename(packagePath.replace(/\/v\d+$/, ''));
}

/** `go build -v` names each package when it is compiled; those in Go's cache are not named. */
function countPackages(group: string, total: number, onProgress: Progress): Progress {
  const step = Math.ceil(total / progressSteps);
  let count = 0;
  return (line) => {
    if (!packageLine.test(line)) return;
    count += 1;
    if (count % step === 0) onProgress(`${group}: compiled ${count} of ${total} packages`);
  };
}

function requireGo(version: string, module: string): void {
  const needed = /^go (\S+)$/m.exec(readFileSync(join(module, 'go.mod'), 'utf8'))?.[1] ?? '0';
  const found = /go(\d+(?:\.\d+)*)/.exec(version)?.[1] ?? '0';
  if (found.localeCompare(needed, 'en', { numeric: true }) >= 0) return;
  fail('E_TOOL', 'go', version, `${basename(module)} needs Go ${needed} or newer`, 'install it from go.dev/dl and put it on PATH');
}

interface GoOptions {
  readonly cgo?: boolean;
  readonly onLine?: Progress;
}

async function go(workshop: Workshop, args: readonly string[], options: GoOptions = {}): Promise<RunResult> {
  const result = await tryRun(['go', ...args], {
    cwd: workshop.module,
    env: goEnvironment(workshop.env, options.cgo),
    onLine: options.onLine,
    timeout: buildTimeout,
  });
  if (result.exitCode === 0) return result;
  const group = basename(workshop.module);
  if (/no space left on device/i.test(result.stderr))
    fail('E_NO_SPACE', group, undefined, 'building it needs disk space', 'free some and try again');
  return fail('E_TOOL', group, lastWords(result), `go ${args[0]} must succeed`, `check the network, then see more in ${workshop.module}`);
}

/** What the user set for Go elsewhere must not change what is built. */
function goEnvironment(env: NodeJS.ProcessEnv, cgo = false): NodeJS.ProcessEnv {
  const host = { GOOS: undefined, GOARCH: undefined, GOAMD64: undefined, GOARM64: undefined, GOEXPERIMENT: undefined };
  return { ...env, ...host, GOFLAGS: '-mod=readonly', GOWORK: 'off', GOTOOLCHAIN: 'local', CGO_ENABLED: cgo ? '1' : '0' };
}

function lastWords(result: RunResult): string {
  const lines = (result.stderr || result.stdout).trim().split('\n');
  const telling = lines.filter((line) => !packageLine.test(line) && !line.startsWith('#'));
  return clean(telling.slice(-3).join(' ')).slice(-300);
}

function entry(workshop: Workshop, name: string): Tool {
  const tool = workshop.tools[name];
  if (!tool) throw new Error(`no tool ${name} in ${workshop.module}`);
  return tool;
}
