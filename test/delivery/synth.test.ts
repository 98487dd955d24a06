import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';
import { formatRelease } from '../../infra/delivery/release/release.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = join(root, 'infra/delivery/fullcycle.mjs');
const scratch = mkdtempSync(join(tmpdir(), 'fullcycle-synth-'));
afterAll(() => rmSync(scratch, { recursive: true }));

/** Texts by path below a folder. */
function readTree(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = files.map((file) => join(file.parentPath, file.name)).sort();
  return Object.fromEntries(paths.map((path) => [path.slice(folder.length + 1), readFileSync(path, 'utf8')]));
}

interface Circumstances {
  readonly env?: NodeJS.ProcessEnv;
  readonly cwd?: string;
  readonly node?: readonly string[];
}

function synth(name: string, args: readonly string[] = [], { env, cwd = root, node = [] }: Circumstances = {}) {
  const out = join(scratch, name);
  const done = spawnSync(process.execPath, [...node, launcher, 'synth', '--out', out, ...args], {
    encoding: 'utf8',
    cwd,
    env: { ...process.env, ...env },
  });
  return { ...done, out };
}

const reference = synth('reference');
const wanted = readTree(reference.out);

describe('synth', () => {
  it('renders all environments and says that the images are placeholders', () => {
    expect(reference).toMatchObject({ status: 0, stderr: 'Images are placeholders: no --release was given.\n' });
    expect(reference.stdout).toBe(`${Object.keys(wanted).length} files in ${reference.out}\n`);
    for (const environment of ['dev', 'staging', 'prod']) expect(Object.keys(wanted)).toContain(`environments/${environment}/release.json`);
  });

  it.each([
    ['another time zone', { env: { TZ: 'Pacific/Kiritimati' } }],
    ['another locale', { env: { LC_ALL: 'tr_TR.UTF-8', LANG: 'tr_TR.UTF-8' } }],
    ['another folder', { cwd: tmpdir() }],
    ['another home', { env: { HOME: scratch, XDG_CACHE_HOME: join(scratch, 'cache') } }],
    ['variables that cdk8s reads', { env: { CDK8S_OUTDIR: join(scratch, 'elsewhere'), CDK8S_RECORD_CONSTRUCT_METADATA: 'true' } }],
  ])('gives the same bytes with %s', (name, circumstances) => {
    expect(readTree(synth(name.replaceAll(' ', '-'), [], circumstances).out)).toEqual(wanted);
  });

  it('gives the same bytes through `cdk8s synth`', () => {
    const out = join(scratch, 'cdk8s');
    const cdk8s = join(root, 'node_modules/.bin/cdk8s');
    const done = spawnSync(process.execPath, [cdk8s, 'synth', '--no-check-upgrade', '--output', out], {
      cwd: root,
      encoding: 'utf8',
      // as npx has it: cdk8s starts the Node it finds
      env: { ...process.env, PATH: `${join(root, 'node_modules/.bin')}:${process.env.PATH}` },
    });
    expect(done.status).toBe(0);
    expect(readTree(out)).toEqual(wanted);
  });

  it('never loads Pulumi', () => {
    const guard = join(scratch, 'guard.mjs');
    writeFileSync(
      guard,
      `import { registerHooks } from 'node:module';
       registerHooks({ resolve(name, context, next) { if (name.startsWith('@pulumi/')) throw new Error('loaded ' + name); return next(name, context); } });`,
    );
    expect(synth('guarded', [], { node: ['--import', guard] })).toMatchObject({ status: 0 });
  });

  it('renders one environment only, with the images of a release', () => {
    const digest = `sha256:${'a'.repeat(64)}`;
    const image = (name: string) => ({ name: `registry.example.com/${name}`, tag: 'b'.repeat(40), digest, inputs: digest });
    const release = join(scratch, 'release.json');
    const record = {
      schema: 1,
      environment: 'dev',
      source: { commit: 'b'.repeat(40), dirty: false },
      images: { goserver: image('goserver'), nodeserver: image('nodeserver') },
      tools: { fullcycle: '0.0.1' },
      inputs: digest,
    } as const;
    writeFileSync(release, formatRelease(record));
    const done = synth('one', ['--env', 'dev', '--release', release]);
    expect(done).toMatchObject({ status: 0, stderr: '' });
    const files = readTree(done.out);
    expect(Object.keys(files).filter((path) => path.includes('prod'))).toEqual([]);
    expect(files['environments/dev/release.json']).toBe(formatRelease(record));
    expect(files['environments/dev/goserver/deployment-goserver.yaml']).toContain(
      `image: registry.example.com/goserver:${'b'.repeat(40)}@${digest}\n`,
    );
  });

  it('replaces an earlier tree as a whole', () => {
    const { out } = synth('replaced');
    writeFileSync(join(out, 'environments', 'stale.yaml'), '');
    synth('replaced');
    expect(readTree(out)).toEqual(wanted);
  });
});

describe('synth refuses, and writes nothing', () => {
  it.each([
    ['an unknown environment', ['--env', 'prdo'], 'error[E_ENV] env: prdo - one of dev, prod, staging - did you mean prod?\n'],
    [
      'a release for all environments',
      ['--release', 'x'],
      'error[E_USAGE] --release: x - a release belongs to one environment - name it with --env\n',
    ],
    [
      'a release that is not there',
      ['--env', 'dev', '--release', 'no-such-file'],
      'error[E_PATH] --release: no-such-file - a release.json of the GitOps repo - check the path\n',
    ],
  ])('%s', (_what, args, error) => {
    const done = synth('refused', args);
    expect(done).toMatchObject({ status: 2, stdout: '', stderr: error });
    expect(readdirSync(scratch)).not.toContain('refused');
  });

  it('a directory that holds something else', () => {
    const out = join(scratch, 'precious');
    mkdirSync(out);
    writeFileSync(join(out, 'thesis.txt'), 'mine');
    expect(synth('precious').stderr).toBe(
      `error[E_PATH] --out: ${out} - only an empty directory or an earlier tree is replaced; this one holds thesis.txt - choose another directory\n`,
    );
    expect(readdirSync(out)).toEqual(['thesis.txt']);
  });
});
