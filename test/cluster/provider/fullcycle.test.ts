import { cpSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, tryRun } from '../../../infra/delivery/process.ts';
import type { LocalEnvironment } from '../../../infra/local/addresses.ts';
import { startLocal, stopLocal } from '../../../infra/local/local.ts';
import { tool } from '../../../infra/local/tools.ts';
import { git } from '../../local/project.ts';
import { checkout, createProgram, type EngineProgram } from './engine-program.ts';

/** All values of the environment: one service, so that one image is built. */
const stack = readFileSync(join(checkout, 'Pulumi.dev.yaml'), 'utf8').replace(/\n {4}nodeserver:\n(?: {5,}.*\n)+/, '\n');

const text = `
import { Delivery, Image } from './project/infra/provider/resources.ts';
const image = new Image('goserver', { service: 'goserver', repository: 'registry.fullcycle.internal', builder: 'ko', platforms: ['linux/amd64'] });
const delivery = new Delivery('dev', { environment: 'dev', images: { goserver: image.released }, init: true });
export const { digest } = image;
export const { commit } = delivery;
`;

let program: EngineProgram;
let project: string;
let local: LocalEnvironment;

beforeAll(async () => {
  program = await createProgram('{providers: [{name: fullcycle, path: project/infra/provider}]}');
  project = join(program.folder, 'project');
  await copyProject();
  local = await startLocal(project);
});

afterAll(async () => {
  if (project) await stopLocal(project, { purge: true });
  program?.remove();
});

/** The checkout as it is now, as a repository of one commit. */
async function copyProject(): Promise<void> {
  const files = (
    await run(['git', 'ls-files', '-co', '--exclude-standard', '-z', '--', 'app', 'charts', 'infra', ':(glob)*'], { cwd: checkout })
  ).stdout;
  for (const file of files.split('\0').filter(Boolean)) cpSync(join(checkout, file), join(project, file), { verbatimSymlinks: true });
  writeFileSync(join(project, 'Pulumi.dev.yaml'), stack);
  symlinkSync(join(checkout, 'node_modules'), join(project, 'node_modules'));
  await git(project, 'init', '--quiet');
  await git(project, 'add', '--all');
  await git(project, 'commit', '--quiet', '--message=project');
}

const preview = () => program.pulumi('preview', '--diff');
const up = () => program.pulumi('up', '--yes', '--skip-preview');
const output = async (name: string) => (await program.pulumi('stack', 'output', name)).split('\n')[0];

/** Digest of the newest image in the registry; empty when there is none. */
async function published(): Promise<string> {
  const { stdout } = await tryRun([await tool('crane'), 'digest', `${local.registry.address}/goserver:latest`]);
  return stdout.trim();
}

/** The GitOps branch's commit; empty when there is none. */
async function tip(): Promise<string> {
  return (await git(project, 'ls-remote', local.gitops.cloneUrl, 'refs/heads/main')).split('\t')[0] ?? '';
}

describe('images and deliveries as resources', () => {
  it('are previewed without building or committing anything', async () => {
    program.write(text);
    expect(await preview()).toMatch(
      /fullcycle:image:Image: \(create\).*inputs *: "sha256:[0-9a-f]{64}".*fullcycle:gitops:Delivery: \(create\).*exit 0$/s,
    );
    expect([await published(), await tip()]).toEqual(['', '']);
  });

  it('are made in one run, and found unchanged in the next', async () => {
    expect(await up()).toMatch(/exit 0$/);
    expect(await output('digest')).toBe(await published());
    expect(await output('commit')).toBe(await tip());
    const clone = join(program.folder, 'clone');
    await git(program.folder, 'clone', '--quiet', local.gitops.cloneUrl, clone);
    expect(readFileSync(join(clone, 'environments/dev/goserver/deployment-goserver.yaml'), 'utf8')).toContain(await published());
    const commit = await tip();
    expect(await program.pulumi('up', '--yes', '--skip-preview', '--expect-no-changes')).toMatch(/exit 0$/);
    expect(await tip()).toBe(commit);
  });

  it('change with the source, in a preview only on paper', async () => {
    const [digest, commit] = [await published(), await tip()];
    const file = join(project, 'app/goserver/main.go');
    writeFileSync(file, `${readFileSync(file, 'utf8')}\n// changed\n`);
    await git(project, 'commit', '--quiet', '--all', '--message=change');
    expect(await preview()).toMatch(
      /~ fullcycle:image:Image: \(update\).*~ inputs *: "sha256:.*" => "sha256:.*~ fullcycle:gitops:Delivery: \(update\).*exit 0$/s,
    );
    expect([await published(), await tip()]).toEqual([digest, commit]);
    expect(await up()).toMatch(/exit 0$/);
    expect(await published()).not.toBe(digest);
    expect(await tip()).not.toBe(commit);
    expect(await output('commit')).toBe(await tip());
  });

  it('find a broken build in a preview, when that is asked for', async () => {
    const file = join(project, 'app/goserver/main.go');
    const good = readFileSync(file, 'utf8');
    const before = [await published(), await tip()];
    try {
      writeFileSync(file, `${good}\nthis is no Go\n`);
      expect(await preview()).toMatch(/exit 0$/);
      program.write(text.replace("builder: 'ko',", "builder: 'ko', buildOnPreview: true,"));
      expect(await preview()).toMatch(/error\[E_BUILD\].*exit 1$/s);
    } finally {
      writeFileSync(file, good);
    }
    expect(await preview()).toMatch(/exit 0$/);
    program.write(text);
    expect([await published(), await tip()]).toEqual(before);
  });

  it('are found drifted in a refresh when somebody else has written to Git, and overwrite nothing unasked', async () => {
    const clone = join(program.folder, 'clone');
    await git(clone, 'pull', '--quiet');
    const path = 'environments/dev/goserver/deployment-goserver.yaml';
    writeFileSync(join(clone, path), readFileSync(join(clone, path), 'utf8').replace('replicas: 1', 'replicas: 2'));
    await git(clone, 'commit', '--quiet', '--all', '--message=by hand');
    await git(clone, 'push', '--quiet');
    const byHand = await tip();
    expect(await program.pulumi('refresh', '--yes')).toMatch(/1 updated.*exit 0$/s);
    expect(await up()).toMatch(/error\[E_DRIFT\] environments\/dev\/goserver\/deployment-goserver\.yaml: .*exit 1$/s);
    expect(await tip()).toBe(byHand);
    await git(clone, 'revert', '--no-edit', 'HEAD');
    await git(clone, 'push', '--quiet');
    expect(await up()).toMatch(/exit 0$/);
    expect(await program.pulumi('refresh', '--yes', '--expect-no-changes')).toMatch(/exit 0$/);
  });

  it('are refused with what is wrong, all of an image at once', async () => {
    const image = `new Image('image', { service: 'gosrver', repository: '', builder: 'kaniko' as 'ko', platforms: [] });`;
    program.write(`import { Image } from './project/infra/provider/resources.ts';\n${image}\n`);
    const said = await preview();
    expect(said).toContain('error[E_KEY] service: gosrver - one of goserver, nodeserver - did you mean goserver?');
    expect(said).toContain('error[E_KEY] repository: - required - name the registry, and the path in it, to push below');
    expect(said).toContain('error[E_TYPE] builder: kaniko - one of auto, ko, layers, docker - choose one of them');
    expect(said).toContain(
      'error[E_TYPE] platforms: [] - a list of one or more of linux/amd64, linux/arm64 - list those that the cluster has',
    );
    for (const [delivery, expected] of [
      [`{ environment: 'dve', images: {} }`, 'error[E_ENV] environment: dve - one of dev, prod, staging - did you mean dev?'],
      [
        `{ environment: 'dev', images: {} }`,
        'error[E_KEY] images: - needs an image for each of its services: there is none for goserver - pass the released image of each',
      ],
    ] as const) {
      const text = `import { Delivery } from './project/infra/provider/resources.ts';\nnew Delivery('delivery', ${delivery});\n`;
      program.write(text);
      expect(await preview()).toContain(expected);
    }
  });

  it('leave images and Git as they are when they are destroyed', async () => {
    const before = [await published(), await tip()];
    expect(await program.pulumi('destroy', '--yes', '--skip-preview')).toMatch(/exit 0$/);
    expect([await published(), await tip()]).toEqual(before);
    expect(before).toEqual([expect.stringMatching(/^sha256:/), expect.stringMatching(/^[0-9a-f]{40}$/)]);
  });
});
