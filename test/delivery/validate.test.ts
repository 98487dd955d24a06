import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../charts/catalog.ts';
import { rules } from '../../charts/policy/check.ts';
import { render } from '../../charts/render.ts';
import { Failure, formatProblem } from '../../infra/delivery/errors.ts';
import { createOutput } from '../../infra/delivery/output.ts';
import { recordRelease } from '../../infra/delivery/release/record.ts';
import { formatRelease } from '../../infra/delivery/release/release.ts';
import { checkSchemas } from '../../infra/delivery/schemas.ts';
import { cacheFolder } from '../../infra/delivery/target.ts';
import { readTree } from '../../infra/delivery/tree.ts';
import { run, validate } from '../../infra/delivery/validate.ts';
import { environment, release } from '../fixtures/environments.ts';

type Files = Readonly<Record<string, string | Uint8Array | undefined>>;

const dev = environment('dev');
const deployment = 'environments/dev/goserver/deployment-goserver.yaml';
const extra = 'environments/dev/goserver/extra.yaml';
const right: Files = {
  ...Object.fromEntries(render(dev, release, catalog).map(({ path, text }) => [path, text])),
  'environments/dev/release.json': formatRelease(recordRelease(dev, release, catalog)),
};

/** Runs with the files in a folder that is removed afterwards. */
async function inFolder<T>(files: Files, use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'fullcycle-validate-'));
  try {
    for (const [path, content] of Object.entries(files)) {
      if (content === undefined) continue;
      await mkdir(dirname(join(folder, path)), { recursive: true });
      await writeFile(join(folder, path), content);
    }
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

const told = (files: Files): Promise<string[]> =>
  inFolder(files, async (folder) => validate(await readTree(folder)).problems.map(formatProblem));
const changed = (from: string, to: string): Files => ({ ...right, [deployment]: String(right[deployment]).replace(from, to) });

describe('a rendered tree', () => {
  it('is valid', async () => {
    expect(await told(right)).toEqual([]);
  });

  it('may lie beside anything else', async () => {
    expect(await told({ ...right, 'README.md': '# hi', 'other/x.yaml': '- [', 'environments/dev/notes.txt': 'x' })).toEqual([]);
  });

  it('of which nothing is there is told with what to do', async () => {
    const line = (folder: string) =>
      `error[E_PATH] dir: ${folder} - a folder with environments/ and argocd/ in it - run fullcycle synth first`;
    await expect(readTree('/nowhere')).rejects.toThrow(line('/nowhere'));
    await inFolder({ 'README.md': '# hi' }, async (folder) => expect(readTree(folder)).rejects.toThrow(line(folder)));
  });
});

describe('what is wrong with a tree is told with its place', () => {
  it.each<[string, Files, string]>([
    [
      'a syntax error',
      { ...right, [extra]: 'a: [\n' },
      `E_YAML] ${extra}:2:1: - not YAML: flow sequence in block collection must be sufficiently indented and end with a ] - correct the syntax`,
    ],
    ['an alias', { ...right, [extra]: 'a: *x\n' }, `E_YAML] ${extra}:1:4: *x - no anchors and no aliases - write the value out`],
    [
      'two documents',
      { ...right, [extra]: 'a: 1\n---\nb: 1\n' },
      `E_YAML] ${extra}:2:1: - one document a file - move the second document to a file of its own`,
    ],
    [
      'no object',
      { ...right, [deployment]: 'a: 1\n' },
      `E_YAML] ${deployment}:1:1: - a Kubernetes object: apiVersion, kind and metadata.name are strings - restore the file, or move it out of the rendered folders`,
    ],
    ['no UTF-8', { ...right, [deployment]: Buffer.from([0xff, 0xfe]) }, `E_ENCODING] ${deployment}: - valid UTF-8 - save it as UTF-8`],
    [
      '2 MiB',
      { ...right, [deployment]: `#${'x'.repeat(2 * 1024 * 1024)}` },
      `E_YAML] ${deployment}: 2097153 bytes - at most 1048576 bytes - split the file`,
    ],
    [
      'a broken record',
      { ...right, 'environments/dev/release.json': '{' },
      'E_STATE] environments/dev/release.json: - is not JSON - restore the file from the history of the GitOps repo: git log -- environments/dev/release.json',
    ],
    [
      'a broken ledger',
      { ...right, '.fullcycle/owned.json': '' },
      'E_STATE] .fullcycle/owned.json: - is empty - restore the file from the history of the GitOps repo: git log -- .fullcycle/owned.json',
    ],
    [
      'a policy that is broken',
      changed('privileged: false', 'privileged: true'),
      `E_POLICY] ${deployment}#spec.template.spec.containers[0].securityContext.privileged: true - security-context: false - set false`,
    ],
  ])('%s', async (_what, files, line) => {
    expect(await told(files)).toEqual([`error[${line}`]);
  });

  it('a symbolic link, which is not followed', async () => {
    await inFolder(right, async (folder) => {
      await symlink('/etc/passwd', join(folder, 'environments/dev/goserver/link.yaml'));
      expect(validate(await readTree(folder)).problems.map(formatProblem)).toEqual([
        'error[E_SYMLINK] environments/dev/goserver/link.yaml: -> /etc/passwd - what Argo CD applies is plain files - replace it by a file',
      ]);
    });
  });

  it('all at once', async () => {
    const files = { ...right, [deployment]: 'a: *x\n', 'argocd/projects/dev.yaml': 'b: [', 'environments/dev/release.json': '{' };
    expect((await told(files)).map((line) => line.slice(0, 40))).toEqual([
      'error[E_YAML] argocd/projects/dev.yaml:1',
      'error[E_YAML] environments/dev/goserver/',
      'error[E_STATE] environments/dev/release.',
    ]);
  });
});

describe('the verb', () => {
  const context = (json: boolean, written: string[]) => {
    const stdout = { isTTY: false, write: (text: string) => written.push(text) } as unknown as NodeJS.WriteStream;
    const output = createOutput({ json, quiet: true }, { stdout, stderr: stdout }, false);
    return { project: '/', output, local: false, signal: new AbortController().signal };
  };
  const outcome = async (files: Files, json = false) =>
    inFolder(files, async (dir) => {
      const written: string[] = [];
      return { exitCode: await run({ dir }, context(json, written)), text: written.join('') };
    });

  it('says how much was looked at', async () => {
    const manifests = Object.keys(right).length - 1;
    expect(await outcome(right)).toEqual({ exitCode: 0, text: `✓ ${manifests} manifests pass ${Object.keys(rules).length} rules\n` });
  });

  it('lists the problems and exits as the first of them says', async () => {
    const manifests = Object.keys(right).length - 1;
    const { exitCode, text } = await outcome(changed('privileged: false', 'privileged: true'));
    expect(exitCode).toBe(5);
    expect(text).toMatch(/^error\[E_POLICY\] .*\n✗ 1 problem in \d+ manifests\n$/);
    expect((await outcome({ ...right, [deployment]: 'a: [' })).text).toContain(`✗ 1 problem in ${manifests - 1} manifests`);
  });

  it('gives the same as data', async () => {
    const { exitCode, text } = await outcome(changed('privileged: false', 'privileged: true'), true);
    const { schema, problems } = JSON.parse(text);
    expect([exitCode, schema, problems.length, problems[0].code]).toEqual([5, 1, 1, 'E_POLICY']);
    expect(new Failure(problems).exitCode).toBe(5);
  });
});

describe('a manifest that the API of its kind does not know', () => {
  const verdict = (files: Files) =>
    inFolder(files, async (folder) => (await checkSchemas(folder, cacheFolder(process.env))).map(formatProblem));
  const told = (what: string) => `error[E_SCHEMA] ${what} - write it as the API of the pinned Kubernetes and Argo CD has it`;

  it('is told by file, object and field', async () => {
    expect(await verdict(right)).toEqual([]);
    expect(await verdict(changed('enableServiceLinks', 'enableServiceLink'))).toEqual([
      told(`${deployment}: Deployment goserver - at '/spec/template/spec': additional properties 'enableServiceLink' not allowed`),
    ]);
    expect(await verdict(changed('replicas: 1', 'replicas: "1"'))).toEqual([
      told(`${deployment}: Deployment goserver - at '/spec/replicas': got string, want integer`),
    ]);
  });

  it('of a kind that has no schema is told too', async () => {
    const object = 'apiVersion: example.com/v1\nkind: Widget\nmetadata:\n  name: w\n';
    const [line] = await verdict({ [extra]: object });
    expect(line).toContain(`error[E_SCHEMA] ${extra}: Widget w - could not find schema for Widget`);
  });
});
