import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename } from 'node:path';
import { tryRun } from '../delivery/process.ts';

/** A process, told apart from a later one that got the same pid. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, as the system tells it: only ever compared for equality. */
  readonly started: string;
}

/** The process that has this pid now; undefined when there is none (one that has ended and waits to be reaped counts as none). */
export async function identify(pid: number): Promise<ProcessIdentity | undefined> {
  const started = process.platform === 'linux' ? startFromProc(pid) : await startFromPs(pid);
  return started === undefined ? undefined : { pid, started };
}

/** True while exactly this process runs. */
export async function isRunning(identity: ProcessIdentity): Promise<boolean> {
  return (await identify(identity.pid))?.started === identity.started;
}

/**
 * A running process of this user with exactly these arguments; the program itself may lie in another folder.
 * Finds what was started earlier when the record of it is lost.
 */
export async function findProcess(argv: readonly string[]): Promise<ProcessIdentity | undefined> {
  const wanted = commandLine(argv);
  for (const [pid, found] of process.platform === 'linux' ? processesFromProc() : await processesFromPs()) {
    if (found === wanted && pid !== process.pid) return identify(pid);
  }
  return undefined;
}

function commandLine([program = '', ...args]: readonly string[]): string {
  return [basename(program), ...args].join(' ');
}

function* processesFromProc(): Generator<[pid: number, commandLine: string]> {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      if (statSync(`/proc/${pid}`).uid !== process.getuid?.()) continue;
      yield [Number(pid), commandLine(readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1))];
    } catch {
      // it has ended since
    }
  }
}

async function processesFromPs(): Promise<[pid: number, commandLine: string][]> {
  const { stdout } = await tryRun(['ps', '-U', String(process.getuid?.()), '-o', 'pid=,args='], { env: { LC_ALL: 'C' } });
  return stdout.split('\n').flatMap((line) => {
    const [, pid, program = '', rest = ''] = /^\s*(\d+)\s(\S+)(.*)$/.exec(line) ?? [];
    return pid === undefined ? [] : [[Number(pid), `${basename(program)}${rest}`] as [number, string]];
  });
}

/** Field 22 of proc_pid_stat(5), clock ticks since boot, with the boot's id: ticks alone repeat after a reboot. */
function startFromProc(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (state === 'Z' || state === 'X') return undefined;
    return `${fields[18]}@${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}`;
  } catch {
    return undefined;
  }
}

async function startFromPs(pid: number): Promise<string | undefined> {
  const { exitCode, stdout } = await tryRun(['ps', '-o', 'stat=,lstart=', '-p', String(pid)], { env: { LC_ALL: 'C' } });
  const said = stdout.trim();
  return exitCode !== 0 || said === '' || said.startsWith('Z') ? undefined : said.replace(/^\S+\s+/, '');
}
