import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { totalmem } from 'node:os';
import { delimiter, join } from 'node:path';
import type { Problem } from '../../../charts/problem.ts';
import { failIfAny } from '../../delivery/errors.ts';
import { run, tryRun } from '../../delivery/process.ts';

/** One thing that the embedded cluster needs of the machine. */
export interface Requirement {
  readonly what: string;
  readonly state: 'ok' | 'missing';
  readonly detail: string;
  /** What to do; only when it is missing. */
  readonly fix?: string;
  /** Debian package that brings it: `up` installs it by itself when it may. */
  readonly package?: string;
}

/** Programs (or, with a slash, files) and what brings them on Debian. */
const programs: readonly {
  readonly what: string;
  readonly package: string;
  readonly purpose: string;
  readonly files?: readonly string[];
}[] = [
  { what: 'runc', package: 'runc', purpose: 'starts containers' },
  { what: 'CNI plugins', package: 'containernetworking-plugins', purpose: 'connect pods', files: ['/usr/lib/cni/ptp', '/opt/cni/bin/ptp'] },
  { what: 'iptables', package: 'iptables', purpose: 'routes Services' },
  { what: 'slirp4netns', package: 'slirp4netns', purpose: 'lets pods reach what this machine reaches' },
  { what: 'ip', package: 'iproute2', purpose: 'connects the node' },
  { what: 'unshare', package: 'util-linux', purpose: 'gives the node namespaces of its own' },
  { what: 'sysctl', package: 'procps', purpose: 'lets the node route' },
  { what: 'openssl', package: 'openssl', purpose: 'issues certificates' },
  { what: 'mmdebstrap', package: 'mmdebstrap', purpose: 'assembles the Argo CD and Redis images' },
];

const gibibyte = 1024 ** 3;
const leastMemory = 2;
const leastDisk = 8;

/** What the embedded cluster needs of this machine, whether it is there and how to get it. Changes nothing. */
export async function requirements(platform: NodeJS.Platform = process.platform): Promise<Requirement[]> {
  const basic = basicRequirements(platform);
  return platform === 'linux' ? [...basic, await namespaces(), controllers(), ...space(), ...programs.map(locate)] : basic;
}

/**
 * Installs the Debian packages that are missing, when this is Debian and root.
 * @throws Failure E_TOOL with everything that is still missing and what to do
 */
export async function meetRequirements(onProgress: (line: string) => void): Promise<void> {
  const isMissing = ({ state }: Requirement) => state === 'missing';
  let missing = (await requirements()).filter(isMissing);
  const packages = missing.flatMap((requirement) => requirement.package ?? []);
  if (packages.length > 0 && process.getuid?.() === 0 && findProgram('apt-get')) {
    onProgress(`installing Debian packages: ${packages.join(', ')}`);
    await install(packages);
    missing = (await requirements()).filter(isMissing);
  }
  failIfAny(missing.map(asProblem));
}

/** Package lists may be missing or old, and mirrors may fail for a moment. */
async function install(packages: readonly string[]): Promise<void> {
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  const command = ['apt-get', '-o', 'Acquire::Retries=3', '-o', 'DPkg::Lock::Timeout=120'] as const;
  const installing = [...command, 'install', '--yes', '--no-install-recommends', ...packages] as const;
  if ((await tryRun(installing, { env })).exitCode === 0) return;
  await run([...command, 'update'], { env });
  await run(installing, { env });
}

function basicRequirements(platform: NodeJS.Platform): Requirement[] {
  return [
    check('Linux', platform === 'linux', platform, 'use kind (--cluster kind) or a cluster of yours (--cluster current)'),
    check('root', process.getuid?.() === 0, `uid ${process.getuid?.() ?? 'unknown'}`, 'run as root, or use kind (--cluster kind)'),
  ];
}

async function namespaces(): Promise<Requirement> {
  const { exitCode, stderr } = await tryRun(['unshare', '--net', '--mount', '--pid', '--fork', 'true']);
  const fix = 'run on a machine, or in a container, that permits unshare (in Docker: --privileged)';
  return check('namespaces', exitCode === 0, stderr.trim() || 'may be created', fix);
}

function controllers(): Requirement {
  const unified = '/sys/fs/cgroup/cgroup.controllers';
  const found = existsSync(unified)
    ? readFileSync(unified, 'utf8').trim().split(' ')
    : ['cpu', 'memory', 'pids'].filter((name) => existsSync(join('/sys/fs/cgroup', name)));
  const missing = ['cpu', 'memory', 'pids'].filter((name) => !found.includes(name));
  const detail = missing.length === 0 ? 'cpu, memory, pids' : `without ${missing.join(', ')}`;
  return check('control groups', missing.length === 0, detail, 'enable these controllers of the kernel');
}

function space(): Requirement[] {
  const { bavail, bsize } = statfsSync('/var/lib');
  const disk = (bavail * bsize) / gibibyte;
  const memory = totalmem() / gibibyte;
  return [
    check('disk', disk >= leastDisk, `${disk.toFixed(0)} GiB free in /var/lib, ${leastDisk} needed`, 'free some space'),
    check('memory', memory >= leastMemory, `${memory.toFixed(0)} GiB, ${leastMemory} needed`, 'use a larger machine'),
  ];
}

function locate({ what, package: name, purpose, files }: (typeof programs)[number]): Requirement {
  const found = files ? files.find((file) => existsSync(file)) : findProgram(what);
  if (found) return { what, state: 'ok', detail: found };
  return { what, state: 'missing', detail: purpose, fix: `apt-get install ${name}`, package: name };
}

function findProgram(name: string): string | undefined {
  const { PATH = '' } = process.env;
  const folders = [...PATH.split(delimiter), '/usr/sbin', '/sbin'];
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file));
}

function check(what: string, fine: boolean, detail: string, fix: string): Requirement {
  return fine ? { what, state: 'ok', detail } : { what, state: 'missing', detail, fix };
}

function asProblem({ what, detail, fix = '' }: Requirement): Problem {
  return { code: 'E_TOOL', field: what, value: detail, rule: 'the embedded cluster needs it', fix };
}
