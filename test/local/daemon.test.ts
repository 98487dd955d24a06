import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type DaemonSpec, findDaemon, startDaemon, stopDaemon } from '../../infra/local/daemon.ts';
import { type Daemon, recordedDaemons } from '../../infra/local/daemon-record.ts';
import { identify, isRunning } from '../../infra/local/process-identity.ts';

/** Programs of the tests: each says `up` when it serves. */
const programs = {
  obedient: 'console.log("up"); setInterval(() => {}, 1000);',
  slow: 'process.on("SIGTERM", () => setTimeout(() => process.exit(), 300)); console.log("up"); setInterval(() => {}, 1000);',
  stubborn: 'process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 1000);',
  crashing: 'console.log("trying"); console.error("address already in use"); process.exitCode = 3;',
  mute: 'setInterval(() => {}, 1000);',
} as const;

let state: string;
const children: ChildProcess[] = [];

beforeEach(() => {
  state = mkdtempSync(join(tmpdir(), 'daemon-'));
});
afterEach(async () => {
  for (const name of recordedDaemons(state)) await stopDaemon(state, name, { timeout: 100 });
  for (const child of children.splice(0)) child.kill('SIGKILL');
  rmSync(state, { recursive: true });
});

function spec(program: keyof typeof programs, change: Partial<DaemonSpec> = {}): DaemonSpec {
  const log = join(state, 'run', `${program}.log`);
  return {
    name: program,
    state,
    argv: [process.execPath, '-e', programs[program], state],
    ready: async () => readFileSync(log, 'utf8').includes('up'),
    ...change,
  };
}

/** The record as another process left it. */
function writeRecord(daemon: Partial<Daemon> | string): void {
  mkdirSync(join(state, 'run'), { recursive: true });
  writeFileSync(join(state, 'run', 'obedient.json'), typeof daemon === 'string' ? daemon : JSON.stringify(daemon));
}

async function bystander(): Promise<number> {
  const child = spawn(process.execPath, ['-e', programs.mute], { stdio: 'ignore' });
  children.push(child);
  return child.pid as number;
}

describe('starting', () => {
  it('returns when the daemon is ready and remembers it in a file that only the user can read', async () => {
    const daemon = await startDaemon(spec('obedient'));
    expect(await isRunning(daemon)).toBe(true);
    const file = join(state, 'run', 'obedient.json');
    expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual(daemon);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(daemon.log).mode & 0o777).toBe(0o600);
    expect(daemon.argv).toEqual(spec('obedient').argv);
  });

  it('keeps a daemon that runs with the same arguments and replaces one with others', async () => {
    const first = await startDaemon(spec('obedient'));
    expect(await startDaemon(spec('obedient'))).toEqual(first);
    const second = await startDaemon(spec('obedient', { argv: [...spec('obedient').argv, 'more'] }));
    expect(second.pid).not.toBe(first.pid);
    expect(await isRunning(first)).toBe(false);
  });

  it('inherits PATH and HOME and nothing else', async () => {
    const print = 'console.log(JSON.stringify(process.env), "up"); setInterval(() => {}, 1000);';
    process.env.FULLCYCLE_TEST_SECRET = 'secret';
    const daemon = await startDaemon(spec('obedient', { argv: [process.execPath, '-e', print], env: { OWN: 'yes' } }));
    delete process.env.FULLCYCLE_TEST_SECRET;
    const seen = JSON.parse(readFileSync(daemon.log, 'utf8').split(' up')[0] ?? '');
    expect(seen).toEqual({ PATH: process.env.PATH, HOME: process.env.HOME, OWN: 'yes' });
  });

  it('says how a daemon ended that ends at once, with the last line it wrote', async () => {
    const log = join(state, 'run', 'crashing.log');
    await expect(startDaemon(spec('crashing'))).rejects.toThrow(
      `error[E_LOCAL_DOWN] crashing: exit 3 - must keep running: address already in use - read ${log}`,
    );
    expect(recordedDaemons(state)).toEqual([]);
    expect(readFileSync(log, 'utf8')).toBe('trying\naddress already in use\n');
  });

  it('says when the program does not exist', async () => {
    const missing = spec('obedient', { argv: ['/nowhere/registry'] });
    await expect(startDaemon(missing)).rejects.toThrow(
      `error[E_LOCAL_DOWN] obedient: spawn /nowhere/registry ENOENT - must keep running: it said nothing - read ${state}/run/obedient.log`,
    );
  });

  it('stops a daemon that is not ready in time', async () => {
    const mute = spec('mute', { timeout: 300 });
    const starting = startDaemon(mute);
    let daemon: Daemon | undefined;
    while (!daemon) {
      await sleep(5);
      daemon = await findDaemon(state, 'mute');
    }
    await expect(starting).rejects.toThrow(
      `error[E_LOCAL_DOWN] mute: stopped - must be ready within 0.3 s: it said nothing - read ${daemon.log}`,
    );
    expect(await isRunning(daemon)).toBe(false);
    expect(recordedDaemons(state)).toEqual([]);
  });

  it('does not take another server for the daemon that was faster to listen on its port', async () => {
    const free = await listen();
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));
    let other: Server | undefined;
    const ready = async () => {
      other ??= await listen(port);
      return true;
    };
    try {
      await expect(startDaemon(spec('mute', { listen: [`127.0.0.1:${port}`], ready, timeout: 500 }))).rejects.toThrow(
        'error[E_LOCAL_DOWN] mute: stopped - must be ready within 0.5 s: it said nothing - read ',
      );
    } finally {
      other?.close();
    }
  });

  it('refuses a port on which something else listens, and names it', async () => {
    const server = await listen();
    const { port } = server.address() as { port: number };
    try {
      await expect(startDaemon(spec('obedient', { listen: [`127.0.0.1:${port}`] }))).rejects.toThrow(
        `error[E_PORT_TAKEN] port ${port}: process ${process.pid} - obedient listens on 127.0.0.1:${port} - end that process, or remove .fullcycle/local.json to choose other ports`,
      );
      expect(recordedDaemons(state)).toEqual([]);
    } finally {
      server.close();
    }
  });
});

describe('finding', () => {
  it('finds a daemon whose record is lost by its arguments, and puts it on record again', async () => {
    const { pid, started } = await startDaemon(spec('obedient'));
    rmSync(join(state, 'run', 'obedient.json'));
    expect(await findDaemon(state, 'obedient')).toBeUndefined();
    expect(await findDaemon(state, 'obedient', spec('obedient').argv)).toMatchObject({ pid, started });
    expect(await findDaemon(state, 'obedient')).toMatchObject({ pid, started });
  });

  it('keeps the one process when it is started again after the record is lost', async () => {
    const { pid } = await startDaemon(spec('obedient'));
    rmSync(join(state, 'run'), { recursive: true });
    expect((await startDaemon(spec('obedient', { ready: async () => true }))).pid).toBe(pid);
  });

  it('finds nothing where a daemon was killed', async () => {
    const daemon = await startDaemon(spec('obedient'));
    process.kill(daemon.pid, 'SIGKILL');
    while (await isRunning(daemon)) await sleep(10);
    expect(await findDaemon(state, 'obedient', spec('obedient').argv)).toBeUndefined();
    expect((await startDaemon(spec('obedient'))).pid).not.toBe(daemon.pid);
  });

  it.each([
    ['empty', ''],
    ['cut off', '{"pid": 12'],
    ['of another shape', '{"pid": "12", "started": 5}'],
    ['for every process', '{"pid": -1, "started": "1", "argv": []}'],
    ['null', 'null'],
  ])('takes a record that is %s for none', async (_what, text) => {
    writeRecord(text);
    expect(await findDaemon(state, 'obedient')).toBeUndefined();
    expect(await stopDaemon(state, 'obedient')).toBe(false);
    expect(recordedDaemons(state)).toEqual([]);
  });
});

describe('stopping', () => {
  it('ends the daemon and forgets it', async () => {
    const daemon = await startDaemon(spec('obedient'));
    expect(await stopDaemon(state, 'obedient')).toBe(true);
    expect(await isRunning(daemon)).toBe(false);
    expect(recordedDaemons(state)).toEqual([]);
    expect(await stopDaemon(state, 'obedient')).toBe(false);
  });

  it('waits for a daemon that takes its time', async () => {
    const daemon = await startDaemon(spec('slow'));
    const before = performance.now();
    await stopDaemon(state, 'slow');
    expect(performance.now() - before).toBeGreaterThan(250);
    expect(await isRunning(daemon)).toBe(false);
  });

  it('kills a daemon that does not end in time', async () => {
    const daemon = await startDaemon(spec('stubborn'));
    expect(await stopDaemon(state, 'stubborn', { timeout: 200 })).toBe(true);
    expect(await isRunning(daemon)).toBe(false);
  });

  it('leaves a process alone that only has the pid of the record', async () => {
    const pid = await bystander();
    writeRecord({ name: 'obedient', pid, started: '1@another-boot', argv: spec('obedient').argv, log: join(state, 'run', 'obedient.log') });
    expect(await findDaemon(state, 'obedient')).toBeUndefined();
    expect(await stopDaemon(state, 'obedient')).toBe(false);
    expect(await identify(pid)).toBeDefined();
    expect(recordedDaemons(state)).toEqual([]);
  });

  it('leaves a process alone that only has some of the arguments', async () => {
    const pid = await bystander();
    expect(await stopDaemon(state, 'mute', { argv: [process.execPath, '-e', programs.mute, state] })).toBe(false);
    expect(await identify(pid)).toBeDefined();
  });
});

function listen(port = 0): Promise<Server> {
  return new Promise((resolve) => {
    const server = createServer().listen(port, '127.0.0.1', () => resolve(server));
  });
}
