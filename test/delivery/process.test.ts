import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { CommandError, pieces, run, tryRun } from '../../infra/delivery/process.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-process-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const sh = (script: string) => ['sh', '-c', script] as const;
const isAlive = (pid: number): boolean => existsSync(`/proc/${pid}`) && !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
const pidIn = async (file: string): Promise<number> => {
  while (!existsSync(file) || readFileSync(file, 'utf8') === '') await setTimeout(20);
  return Number(readFileSync(file, 'utf8'));
};

describe('running a program', () => {
  it('gives back what it wrote and how it ended', async () => {
    expect(await tryRun(sh('echo out; echo err >&2; exit 3'))).toEqual({
      argv: ['sh', '-c', 'echo out; echo err >&2; exit 3'],
      exitCode: 3,
      stdout: 'out\n',
      stderr: 'err\n',
    });
    expect((await run(['cat'], { input: 'in' })).stdout).toBe('in');
  });

  it('passes arguments as they are: no shell reads them', async () => {
    expect((await run(['printf', '%s|', '$HOME', '`id`', 'a b', ';'])).stdout).toBe('$HOME|`id`|a b|;|');
  });

  it('adds and removes variables', async () => {
    vi.stubEnv('FULLCYCLE_A', 'inherited');
    vi.stubEnv('FULLCYCLE_B', 'inherited');
    const { stdout } = await run(sh('env | grep FULLCYCLE_ | sort'), { env: { FULLCYCLE_B: undefined, FULLCYCLE_C: 'new' } });
    expect(stdout).toBe('FULLCYCLE_A=inherited\nFULLCYCLE_C=new\n');
  });

  it('keeps every byte as a character where that is asked', async () => {
    const bytes = Buffer.from(Array.from({ length: 256 }, (_none, index) => index));
    const { stdout } = await run(['cat'], { input: bytes, encoding: 'latin1' });
    expect(Buffer.from(stdout, 'latin1')).toEqual(bytes);
  });

  it('tells lines as they come', async () => {
    const lines: string[] = [];
    await run(sh('echo one; echo two >&2; printf "\\033[31mred\\033[0m\\n"'), { onLine: (line) => lines.push(line) });
    expect(lines.sort()).toEqual(['one', 'red', 'two']);
  });

  it.each([
    [['no-such-program'], 127, 'Command failed with ENOENT: no-such-program\nspawn no-such-program ENOENT'],
    [['/etc/passwd'], 1, 'Command failed with EACCES: /etc/passwd\nspawn /etc/passwd EACCES'],
    [sh('kill -9 $$'), 1, "Command was killed with SIGKILL (Forced termination): sh -c 'kill -9 $$'"],
  ] as const)('that can not be: %j', async (argv, exitCode, words) => {
    const result = await tryRun(argv);
    expect({ exitCode: result.exitCode, words: result.stderr.split('\n').slice(0, 2).join('\n') }).toEqual({ exitCode, words });
  });

  it('stops reading at the cap', async () => {
    const result = await tryRun(['yes'], { maxBuffer: 1000 });
    expect(result).toMatchObject({ exitCode: 1, stdout: 'y\n'.repeat(500) });
    expect(result.stderr).toMatch(/wrote more than is kept$/);
  });

  it('fails with argv, folder, exit code and last words, and without passwords', async () => {
    const error = await run(['sh', '-c', 'echo "fatal: https://bot:hunter2@host/x" >&2; exit 4', 'https://bot:hunter2@host/x'], {
      cwd: folder,
    }).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(CommandError);
    expect((error as CommandError).exitCode).toBe(1);
    expect((error as CommandError).message).toBe(
      `error[E_COMMAND] sh -c echo "fatal: https://***@host/x" >&2; exit 4 https://***@host/x: exit 4 in ${folder} - fatal: https://***@host/x - run it by hand to see more`,
    );
  });
});

describe('a program that has to end', () => {
  const helper = (file: string) => sh(`sleep 60 & echo $! >${file}; echo begun; wait; echo never`);

  it('at the timeout ends with its helpers, which would keep its output open', async () => {
    const file = join(folder, 'pid');
    const start = performance.now();
    const result = await tryRun(helper(file), { timeout: 300 });
    expect(performance.now() - start).toBeLessThan(5_000);
    expect(result).toMatchObject({ exitCode: 143, stdout: 'begun\n', stderr: 'timed out after 0.3 s' });
    expect(isAlive(await pidIn(file))).toBe(false);
  });

  it('at an interrupt ends with its helpers', async () => {
    const file = join(folder, 'pid');
    const abort = new AbortController();
    const ending = tryRun(helper(file), { signal: abort.signal });
    const pid = await pidIn(file);
    abort.abort();
    expect(await ending).toMatchObject({ exitCode: 143, stderr: 'interrupted' });
    expect(isAlive(pid)).toBe(false);
  });

  it('is killed when it does not listen', { timeout: 20_000 }, async () => {
    const start = performance.now();
    const result = await tryRun(sh('trap "" TERM; while :; do sleep 1; done'), { timeout: 100 });
    expect(result).toMatchObject({ exitCode: 143 });
    expect(performance.now() - start).toBeGreaterThan(5_000);
  });

  it('is not even started after an interrupt', async () => {
    const file = join(folder, 'started');
    expect(await tryRun(['touch', file], { signal: AbortSignal.abort() })).toMatchObject({ exitCode: 143, stderr: 'interrupted' });
    expect(existsSync(file)).toBe(false);
  });

  it('ends when we end', async () => {
    const file = join(folder, 'pid');
    const source = new URL('../../infra/delivery/process.ts', import.meta.url).href;
    const script = `import { tryRun } from ${JSON.stringify(source)};
process.once('SIGTERM', () => process.exit(143));
void tryRun(['sh', '-c', 'sleep 60 & echo $! >${file}; wait']);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
    const pid = await pidIn(file);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([143, null]);
    await setTimeout(100);
    expect(isAlive(pid)).toBe(false);
  });

  it('has no terminal to ask for a password', async () => {
    expect((await tryRun(sh('exec 2>/dev/null; : </dev/tty && echo asked'))).stdout).toBe('');
  });
});

describe('reading a program’s output piece by piece', () => {
  const read = async (argv: readonly [string, ...string[]], most = Number.POSITIVE_INFINITY, signal?: AbortSignal): Promise<string[]> => {
    const all: string[] = [];
    for await (const piece of pieces(argv, '\0', { signal })) if (all.push(piece) >= most) break;
    return all;
  };

  it('splits at the separator only, whatever the chunks', async () => {
    expect(await read(sh('printf "a\\nb\\0\\0c"; sleep 0.1; printf "d\\0é"'))).toEqual(['a\nb', '', 'cd', 'é']);
    expect(await read(sh('true'))).toEqual([]);
    expect((await read(sh(`seq 1 100000 | tr '\\n' '\\0'`))).length).toBe(100_000);
  });

  it('gives what came, then tells that the program failed or can’t be started', async () => {
    const got: string[] = [];
    const reading = (async () => {
      for await (const piece of pieces(sh('printf "a\\0"; echo bad >&2; exit 3'), '\0')) got.push(piece);
    })();
    await expect(reading).rejects.toThrow(/exit 3 in .* - bad - run it by hand/);
    expect(got).toEqual(['a']);
    await expect(read(['no-such-program'])).rejects.toThrow('error[E_COMMAND] no-such-program: exit 127');
  });

  it('ends the program when nobody reads on, or when it is interrupted', async () => {
    const file = join(folder, 'pid');
    const endless = sh(`echo $$ > ${file}; while :; do printf 'x\\0'; done`);
    expect(await read(endless, 3)).toEqual(['x', 'x', 'x']);
    expect(isAlive(await pidIn(file))).toBe(false);
    const abort = new AbortController();
    const reading = read(sh('printf "x\\0"; sleep 60'), undefined, abort.signal);
    abort.abort();
    await expect(reading).rejects.toThrow('interrupted');
  });
});
