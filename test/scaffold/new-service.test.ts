import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { parse } from 'yaml';
import { copyProject, type Project } from '../project.ts';

// compilers, real registries and repositories, on a machine that may be busy
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let project: Project;

beforeAll(() => {
  project = copyProject();
});
afterAll(() => project.remove());

const run = (folder: string, file: string, ...args: string[]) => {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: join(project.folder, folder), encoding: 'utf8', timeout: 300_000 });
  return { status, said: status === 0 ? '' : `${stdout}\n${stderr}` };
};
const passes = { status: 0, said: '' };
const bin = (name: string) => join(project.folder, 'node_modules/.bin', name);
const changes = () => project.git('status', '--porcelain', '--untracked-files=all').trim().split('\n').filter(Boolean);

describe('what can not be a service', () => {
  const label = 'a DNS-1035 label: 1 to 63 of a-z, 0-9 and "-", starting with a letter and ending with a letter or digit';
  const high = 'a whole number from 1024 to 65535: the container is not root and cannot bind a lower port';
  const higher = 'let the server listen on a higher port; servicePort may stay low';
  it.each([
    [
      ['Bad_Name', '--port', '80'],
      [`E_NAME] name: Bad_Name - ${label} - rename it, for example to bad-name`, `E_PORT] --port: 80 - ${high} - ${higher}`],
    ],
    [['../x'], [`E_NAME] name: ../x - ${label} - rename it, for example to x`]],
    [['root'], ['E_NAME] name: root - not one of namespace, root: they have a meaning in every environment - rename the service']],
    [
      ['goserver', '--port', '1e4'],
      [
        `E_PORT] --port: 1e4 - ${high} - ${higher}`,
        'E_NAME] name: goserver - a new name: charts/catalog.ts, app/goserver, charts/services/goserver.ts have it already - choose another name',
      ],
    ],
  ])('%j is refused, with everything that is wrong, and nothing is written', (args, problems) => {
    const { status, stdout, stderr } = project.fullcycle('new', 'service', ...args);
    expect(stderr).toBe(problems.map((problem) => `error[${problem}\n`).join(''));
    expect({ status, stdout, changes: changes() }).toEqual({ status: 2, stdout: '', changes: [] });
  });

  it('a folder that is in the way is told', () => {
    mkdirSync(join(project.folder, 'app/shop'));
    const { status, stderr } = project.fullcycle('new', 'service', 'shop');
    rmSync(join(project.folder, 'app/shop'), { recursive: true });
    expect(stderr).toBe('error[E_NAME] name: shop - a new name: app/shop has it already - choose another name\n');
    expect(status).toBe(2);
  });

  it('a catalog that is written otherwise is left alone', () => {
    const file = join(project.folder, 'charts/catalog.ts');
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, text.replace('catalog: Catalog = [', 'catalog: Catalog = [...[], '));
    const { status, stderr } = project.fullcycle('new', 'service', 'shop');
    writeFileSync(file, text);
    expect(stderr).toBe(
      'error[E_PATH] charts/catalog.ts: - lists the services in `export const catalog: Catalog = […]` - write it so again\n',
    );
    expect({ status, changes: changes() }).toEqual({ status: 2, changes: [] });
  });

  it('what can not be finished is taken back', () => {
    // a schema that can't be replaced: the last file that is written
    const schema = join(project.folder, 'Pulumi.schema.json');
    const text = readFileSync(schema, 'utf8');
    rmSync(schema);
    mkdirSync(join(schema, 'in-the-way'), { recursive: true });
    const { status, stderr } = project.fullcycle('new', 'service', 'shop');
    rmSync(schema, { recursive: true });
    writeFileSync(schema, text);
    chmodSync(schema, 0o644);
    expect(stderr).toBe('error[E_IO] app/shop: EISDIR - a place that can be written to - nothing was changed; look at its permissions\n');
    expect({ status, changes: changes(), left: existsSync(join(project.folder, 'app/shop')) }).toEqual({
      status: 1,
      changes: [],
      left: false,
    });
  });
});

describe('new services', () => {
  beforeAll(() => {
    const shop = project.fullcycle('new', 'service', 'my-shop', '--port', '9191');
    expect(shop).toMatchObject({ status: 0, stderr: expect.stringContaining('Pulumi.prod.yaml: quota.cpu raised from 8 to 9000m') });
    expect(shop.stdout.split('\n')[0]).toBe(
      'my-shop: 12 files made, Pulumi.dev.yaml, Pulumi.staging.yaml, Pulumi.prod.yaml, charts/catalog.ts, Pulumi.schema.json changed',
    );
    expect(project.fullcycle('new', 'service', 'billing', '--language', 'node').status).toBe(0);
  });

  it('are deployed in every environment, in files that keep their comments', () => {
    for (const environment of ['dev', 'staging', 'prod']) {
      const text = readFileSync(join(project.folder, `Pulumi.${environment}.yaml`), 'utf8');
      const { config } = parse(text);
      expect(Object.keys(config['fullcycle:services'])).toEqual(['goserver', 'nodeserver', 'my-shop', 'billing']);
      expect(config['fullcycle:services']['my-shop'].replicas).toBe(config['fullcycle:replicas'].min);
      const removed = project
        .git('diff', '--', `Pulumi.${environment}.yaml`)
        .split('\n')
        .filter((line) => /^-(?!--)/.test(line));
      expect(removed.map((line) => line.replace(/".*"/, '…'))).toEqual(environment === 'staging' ? [] : ['-    cpu: …']);
    }
  });

  it('leave nothing of their models in their source', () => {
    const found = (pattern: string, folder: string) => spawnSync('grep', ['-rlE', pattern, join(project.folder, folder)]).status;
    expect(found('goserver|8080', 'app/my-shop')).toBe(1);
    expect(found('nodeserver', 'app/billing')).toBe(1);
    expect(found('goserver', 'app/goserver')).toBe(0);
  });

  it('type-check and are formatted', () => {
    expect(run('.', process.execPath, bin('tsc'), '--noEmit', '-p', '.')).toEqual(passes);
    expect(run('.', bin('biome'), 'check', '--error-on-warnings', 'charts', 'app')).toEqual(passes);
    expect(run('app/my-shop', 'bash', '-c', '[ -z "$(gofmt -l .)" ]')).toEqual(passes);
  });

  it('render, and pass every check', () => {
    expect(project.fullcycle('synth').status).toBe(0);
    expect(existsSync(join(project.folder, 'dist/environments/prod/my-shop/deployment-my-shop.yaml'))).toBe(true);
    expect(project.json<{ manifests: number; problems: unknown[] }>('validate', 'dist')).toMatchObject({ problems: [] });
  });

  it('have golden trees of their own once they are accepted', () => {
    expect(run('.', process.execPath, 'test/golden/update.ts')).toEqual(passes);
    expect(existsSync(join(project.folder, 'test/golden/dev/environments/dev/billing/service-billing.yaml'))).toBe(true);
  });

  it('pass their own tests', () => {
    expect(run('app/my-shop', 'go', 'test', '-count=1', './...')).toEqual(passes);
    expect(run('app/billing', 'npm', 'ci', '--ignore-scripts', '--no-audit', '--loglevel=error')).toEqual(passes);
    expect(run('app/billing', process.execPath, '--test')).toEqual(passes);
  });

  it('are built and committed', () => {
    // billing needs Debian's packages or Docker, like its model; what goserver's model gives needs Go alone
    for (const environment of ['dev', 'staging', 'prod']) {
      const file = join(project.folder, `Pulumi.${environment}.yaml`);
      writeFileSync(file, readFileSync(file, 'utf8').replace(/\n {4}(nodeserver|billing):(\n {6}.*)*/g, ''));
    }
    const { images } = project.json<{ images: { name: string }[] }>('up', '--cluster', 'none');
    expect(images.map(({ name }) => name.split('/').at(-1))).toEqual(['goserver', 'my-shop']);
  });
});
