import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRun } from '../../../infra/delivery/process.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { createProgram, type EngineProgram } from './engine-program.ts';

/** An ESM program in TypeScript that nothing compiles: Node strips its types. */
const text = `
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
let program: EngineProgram;

beforeAll(async () => {
  [plane, program] = await Promise.all([startControlPlane(), createProgram()]);
  program.write(text);
  writeFileSync(join(program.folder, 'cluster.json'), JSON.stringify(plane));
});

afterAll(async () => {
  await plane?.stop();
  program?.remove();
});

const up = () => program.pulumi('up', '--yes', '--skip-preview');

describe('a program without a compiler, run by the engine’s own command line', () => {
  it('is previewed, deployed, found unchanged and destroyed', async () => {
    await program.pulumi('config', 'set', 'replicas', '0');
    expect(await program.pulumi('preview')).toMatch(/4 to create.*exit 0$/s);
    expect(await up()).toMatch(/uid: "[0-9a-f-]{36}".*4 created.*exit 0$/s);
    expect(await program.pulumi('up', '--yes', '--skip-preview', '--expect-no-changes')).toMatch(/4 unchanged.*exit 0$/s);
    expect(await program.pulumi('destroy', '--yes', '--skip-preview')).toMatch(/4 deleted.*exit 0$/s);
  });

  it('goes on where a killed engine left off', async () => {
    await program.pulumi('config', 'set', 'replicas', '1');
    const args = ['up', '--yes', '--skip-preview', '--non-interactive'];
    const child = spawn(program.engine.pulumi, args, { cwd: program.folder, env: { ...process.env, ...program.env }, stdio: 'ignore' });
    while (!(await uid())) await sleep(100);
    child.kill('SIGKILL');
    await once(child, 'exit');
    const made = await uid();
    await program.pulumi('cancel', '--yes');
    await program.pulumi('config', 'set', 'replicas', '0');
    expect(await up()).toMatch(/exit 0$/s);
    expect(await uid()).toBe(made);
    expect(await program.pulumi('destroy', '--yes', '--skip-preview')).toMatch(/exit 0$/s);
  });
});

/** The Deployment's uid; empty when there is none. */
async function uid(): Promise<string> {
  const question = ['get', 'deployment', 'web', '--namespace=program', '--ignore-not-found', '--output=jsonpath={.metadata.uid}'];
  return (await tryRun([plane.kubectl, ...question], { env: { KUBECONFIG: plane.kubeconfigFile } })).stdout;
}
