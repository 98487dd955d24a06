import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRun } from '../../../infra/delivery/process.ts';
import { type Engine, pulumiEngine } from '../../../infra/provider/engine.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';

/** An ESM program in TypeScript that nothing compiles: Node strips its types. */
const program = `
import { readFileSync } from 'node:fs';
import { apps, core, Provider } from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';

interface Cluster { readonly kubeconfig: string; readonly context: string }
const { kubeconfig, context }: Cluster = JSON.parse(readFileSync('cluster.json', 'utf8'));
const provider = new Provider('cluster', { kubeconfig: pulumi.secret(kubeconfig), context });
const namespace = new core.v1.Namespace('program', { metadata: { name: 'program' } }, { provider });
const labels = { app: 'web' };
const web = new apps.v1.Deployment('web', {
  metadata: { namespace: namespace.metadata.name, name: 'web' },
  spec: {
    replicas: new pulumi.Config().requireNumber('replicas'),
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [{ name: 'web', image: 'registry.invalid/web' }] } },
  },
}, { provider });
export const uid: pulumi.Output<string> = web.metadata.uid;
`;

let plane: ControlPlane;
let engine: Engine;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-program-'));
  [plane, engine] = await Promise.all([startControlPlane(), pulumiEngine({ home: join(folder, 'home') })]);
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'Pulumi.yaml'), 'name: program\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n');
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  writeFileSync(join(folder, 'index.ts'), program);
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(plane));
  symlinkSync(fileURLToPath(new URL('../../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  await pulumi('stack', 'init', 'test');
});

afterAll(async () => {
  await plane?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
});

function environment() {
  const state = {
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_CONFIG_PASSPHRASE: 'test',
  };
  return { ...engine.env, ...state };
}

/** Runs the engine and returns all that it prints. */
async function pulumi(...args: readonly string[]): Promise<string> {
  const { stdout, stderr, exitCode } = await tryRun([engine.pulumi, ...args, '--non-interactive'], { cwd: folder, env: environment() });
  return `${stdout}${stderr}exit ${exitCode}`;
}

const up = () => pulumi('up', '--yes', '--skip-preview');

describe('a program without a compiler, run by the engine’s own command line', () => {
  it('is previewed, deployed, found unchanged and destroyed', async () => {
    await pulumi('config', 'set', 'replicas', '0');
    expect(await pulumi('preview')).toMatch(/4 to create.*exit 0$/s);
    expect(await up()).toMatch(/uid: "[0-9a-f-]{36}".*4 created.*exit 0$/s);
    expect(await pulumi('up', '--yes', '--skip-preview', '--expect-no-changes')).toMatch(/4 unchanged.*exit 0$/s);
    expect(await pulumi('destroy', '--yes', '--skip-preview')).toMatch(/4 deleted.*exit 0$/s);
  });

  it('goes on where a killed engine left off', async () => {
    await pulumi('config', 'set', 'replicas', '1');
    const args = ['up', '--yes', '--skip-preview', '--non-interactive'];
    const child = spawn(engine.pulumi, args, { cwd: folder, env: { ...process.env, ...environment() }, stdio: 'ignore' });
    while (!(await uid())) await sleep(100);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const made = await uid();
    await pulumi('cancel', '--yes');
    await pulumi('config', 'set', 'replicas', '0');
    expect(await up()).toMatch(/exit 0$/s);
    expect(await uid()).toBe(made);
    expect(await pulumi('destroy', '--yes', '--skip-preview')).toMatch(/exit 0$/s);
  });
});

/** The Deployment's uid; empty when there is none. */
async function uid(): Promise<string> {
  const question = ['get', 'deployment', 'web', '--namespace=program', '--ignore-not-found', '--output=jsonpath={.metadata.uid}'];
  return (await tryRun([plane.kubectl, ...question], { env: { KUBECONFIG: plane.kubeconfigFile } })).stdout;
}
