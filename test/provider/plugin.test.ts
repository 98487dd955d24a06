import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

/** Starts the plugin as the engine does and reads its port. A Node of another version on PATH must not matter. */
async function startPlugin(name: string) {
  const launcher = fileURLToPath(new URL(`../../infra/provider/pulumi-resource-${name}`, import.meta.url));
  const child = spawn(launcher, ['--logtostderr', '-v=9', '127.0.0.1:1'], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, line: line.toString(), ended: once(child, 'exit') as Promise<[number | null, string | null]> };
}

describe.each(['kubernetes', 'fullcycle'])('the plugin %s', (name) => {
  it('prints nothing but the port it serves on, on 127.0.0.1', async () => {
    const { child, line, ended } = await startPlugin(name);
    expect(line).toMatch(/^\d+\n$/);
    const socket = connect(Number(line), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    child.kill('SIGTERM');
    await ended;
  });

  it.each([
    ['its stdin closes, as it does when the engine dies', (child: ChildProcessWithoutNullStreams) => child.stdin.end()],
    ['the engine tells it to', (child: ChildProcessWithoutNullStreams) => child.kill('SIGINT')],
    ['the system tells it to', (child: ChildProcessWithoutNullStreams) => child.kill('SIGTERM')],
  ])('ends by itself when %s', async (_name, end) => {
    const { child, ended } = await startPlugin(name);
    end(child);
    expect(await ended).toEqual([0, null]);
  });
});
