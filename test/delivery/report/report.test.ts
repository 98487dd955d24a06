import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { rules } from '../../../charts/policy/check.ts';
import { copyProject, type Project } from '../../project.ts';

// compilers, real registries and repositories, on a machine that may be busy
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let project: Project;

beforeAll(() => {
  project = copyProject();
  for (const environment of ['dev', 'staging', 'prod']) {
    const file = join(project.folder, `Pulumi.${environment}.yaml`);
    writeFileSync(file, readFileSync(file, 'utf8').replace(/\n {4}nodeserver:(\n {6}.*)*/g, ''));
  }
  expect(project.fullcycle('up', '--cluster', 'none').status).toBe(0);
});
afterAll(() => project.remove());

it('writes one page about every environment', () => {
  const file = join(project.folder, 'report.html');
  const { status, stdout } = project.fullcycle('--local', 'report', '--out', file);
  expect({ status, stdout }).toEqual({ status: 0, stdout: `Report in ${file}\n` });
  const text = readFileSync(file, 'utf8');
  const { environments } = project.json<{ environments: { environment: string; release: { images: { goserver: { digest: string } } } }[] }>(
    '--local',
    'status',
  );
  expect(environments.map(({ environment }) => environment)).toEqual(['dev', 'staging', 'prod']);
  for (const { environment, release } of environments) {
    expect(text).toContain(`<h2>${environment} <span class="pill unknown">delivered, cluster not seen</span></h2>`);
    expect(text).toContain(release.images.goserver.digest);
  }
  const checks = 3 * Object.keys(rules).length;
  expect(text).toContain(`<b>${checks} of ${checks}</b><span class="soft">policy checks passed</span>`);
});

it('a place that can not be written to is told, and nothing is left there', () => {
  const folder = join(project.folder, 'taken');
  mkdirSync(folder);
  const { status, stderr } = project.fullcycle('--local', '--quiet', 'report', '--out', folder);
  expect(stderr).toBe(`error[E_IO] --out: ${folder} - a file that can be written (EISDIR) - choose another place\n`);
  expect(status).toBe(1);
  expect(readdirSync(project.folder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  expect(existsSync(join(project.folder, 'taken'))).toBe(true);
});
