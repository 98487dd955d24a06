import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const launcher = fileURLToPath(new URL('../../infra/provider/pulumi-resource-kubernetes', import.meta.url));

/** Starts the plugin as the engine does and reads its port. A Node of another version on PATH must not matter. */
async function startPlugin() {
  const child = spawn(launcher, ['--logtostderr', '-v=9', '127.0.0.1:1'], {
    env: { PATH: '/usr/bin:/bin' },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return { child, line: line.toString(), ended: once(child, 'exit') as Promise<[number | null, string | null]> };
}

describe('the plugin’s program', () => {
  it('prints nothing but the port it serves on, on 127.0.0.1', async () => {
    const { child, line, ended } = await startPlugin();
    expect(line).toMatch(/^\d+\n$/);
    const socket = connect(Number(line), '127.0.0.1');
    await once(socket, 'connect');
    socket.destroy();
    child.kill('SIGTERM');
    await ended;
  });

  it.each([
    ['its stdin closes, as it does when the engine dies', (child: Awaited<ReturnType<typeof startPlugin>>['child']) => child.stdin.end()],
    ['the engine tells it to', (child: Awaited<ReturnType<typeof startPlugin>>['child']) => child.kill('SIGINT')],
    ['the system tells it to', (child: Awaited<ReturnType<typeof startPlugin>>['child']) => child.kill('SIGTERM')],
  ])('ends by itself when %s', async (_name, end) => {
    const { child, ended } = await startPlugin();
    end(child);
    expect(await ended).toEqual([0, null]);
  });
});
