import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import sdk from '@pulumi/pulumi/package.json' with { type: 'json' };
import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../../infra/delivery/process.ts';
import { pulumiEngine } from '../../../infra/provider/engine.ts';

const folder = mkdtempSync(join(tmpdir(), 'fullcycle-engine-'));
afterAll(() => rmSync(folder, { recursive: true }));

describe('the engine', () => {
  it('has everything beside it that it starts', async () => {
    const { pulumi } = await pulumiEngine();
    const programs = readdirSync(dirname(pulumi));
    expect(programs.sort()).toEqual(['pulumi', 'pulumi-analyzer-policy', 'pulumi-language-nodejs', 'pulumi-resource-pulumi-nodejs']);
    for (const program of programs) expect(statSync(join(dirname(pulumi), program)).mode & 0o111, program).toBe(0o111);
  });

  it('is the version that the SDK wants', async () => {
    const { pulumi, env } = await pulumiEngine();
    expect((await run([pulumi, 'version'], { env })).stdout.trim()).toBe(sdk.version);
  });

  it('writes no log of its runs into a home of its own', async () => {
    const { pulumi, env } = await pulumiEngine({ home: join(folder, 'home') });
    const backend = { PULUMI_BACKEND_URL: `file://${folder}`, PULUMI_CONFIG_PASSPHRASE: 'test' };
    await run([pulumi, 'stack', 'ls', '--all'], { cwd: folder, env: { ...env, ...backend } });
    expect(readFileSync(join(folder, 'home', 'logs'), 'utf8')).toBe('');
  });

  it('uses our Kubernetes plugin unless the official one is installed', async () => {
    const user = join(folder, 'user');
    const ours = (path = '') => path.split(':').some((entry) => entry.endsWith('/infra/provider/'));
    const env = { ...process.env, PULUMI_HOME: user };
    expect(ours((await pulumiEngine({ env })).env.PATH)).toBe(true);
    const { default: kubernetes } = await import('@pulumi/kubernetes/package.json', { with: { type: 'json' } });
    mkdirSync(join(user, 'plugins', `resource-kubernetes-v${kubernetes.version}`), { recursive: true });
    const home = join(folder, 'other');
    expect(ours((await pulumiEngine({ env, home })).env.PATH)).toBe(false);
    expect(readdirSync(join(home, 'plugins'))).toEqual([`resource-kubernetes-v${kubernetes.version}`]);
  });
});
