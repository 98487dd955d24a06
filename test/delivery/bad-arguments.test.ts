import { execFile } from 'node:child_process';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { inProject, projectText, stackText, values, withValue } from '../config/project.ts';

const launcher = fileURLToPath(new URL('../../infra/delivery/fullcycle.mjs', import.meta.url));

interface Said {
  readonly status: number;
  readonly stdout: string;
  readonly lines: readonly string[];
  /** Files of the project after the run: a canary or a half-written tree would be among them. */
  readonly files: readonly string[];
}

/** Runs the program in a project whose development environment is given, with nothing of ours in its environment. */
async function fullcycle(args: readonly string[], dev = stackText(values())): Promise<Said> {
  let said: Said | undefined;
  await inProject(projectText, dev, async (directory) => {
    const cache = await mkdtemp(join(tmpdir(), 'fullcycle-cache-'));
    const env = { PATH: process.env.PATH, XDG_CACHE_HOME: cache, HOME: cache };
    const { status, stdout, stderr } = await new Promise<{ status: number; stdout: string; stderr: string }>((done) => {
      execFile(process.execPath, [launcher, '-C', directory, ...args], { cwd: directory, env }, (error, out, err) =>
        done({ status: error ? Number(error.code) : 0, stdout: out, stderr: err }),
      );
    });
    const files = [...(await readdir(directory)), ...(await readdir(cache))].sort();
    await rm(cache, { recursive: true });
    said = { status, stdout, lines: stderr.replaceAll(directory, '<project>').split('\n').slice(0, -1), files };
  });
  return said as Said;
}

const untouched = ['Pulumi.dev.yaml', 'Pulumi.prod.yaml', 'Pulumi.staging.yaml', 'Pulumi.yaml'];
const refused = (...lines: readonly string[]): Said => ({
  status: 2,
  stdout: '',
  lines: lines.map((line) => `error[${line}`),
  files: untouched,
});
const known = 'one of dev, prod, staging';
const other = 'name one of them, or add a Pulumi.<env>.yaml';
const revision = 'name a commit by its id, or the branch';
const shell = [
  '; touch canary',
  '$(touch canary)',
  '`touch canary`',
  '| touch canary',
  '& touch canary',
  "'; touch canary; '",
  '> canary',
  '$IFS',
  '*',
  '\\',
];

describe('bad arguments are told before anything is done', () => {
  it.concurrent.each<[string, string[], string]>([
    ...['synth', 'diff', 'verify', 'status', 'deliver'].map((verb): [string, string[], string] => [
      'E1',
      [verb, '--env', 'prdo'],
      `E_ENV] env: prdo - ${known} - did you mean prod?`,
    ]),
    ['E1', ['synth', '--env', 'Prod'], `E_ENV] env: Prod - ${known} - did you mean prod?`],
    ['E1', ['synth', '--env', 'prod '], `E_ENV] env: "prod " - ${known} - did you mean prod?`],
    ['E1', ['synth', '--env', 'prod\n'], `E_ENV] env: "prod\\n" - ${known} - did you mean prod?`],
    ['E1', ['synth', '--env', ''], `E_ENV] env: "" - ${known} - ${other}`],
    ['E1', ['synth', '--env', '__proto__'], `E_ENV] env: __proto__ - ${known} - ${other}`],
    ['E1', ['deliver', '--env', 'constructor'], `E_ENV] env: constructor - ${known} - ${other}`],
    ['E1', ['synth', '--env=--help'], `E_ENV] env: --help - ${known} - ${other}`],
    [
      'E8',
      ['-C', '/nowhere', 'synth'],
      'E_PATH] directory: /nowhere - the folder of the project, with Pulumi.yaml in it - name it with -C',
    ],
    [
      'E8',
      ['-C', '/dev/null', 'synth'],
      'E_PATH] directory: /dev/null - the folder of the project, with Pulumi.yaml in it - name it with -C',
    ],
    ['E8', ['validate', '/nowhere'], 'E_PATH] dir: /nowhere - a folder with environments/ and argocd/ in it - run fullcycle synth first'],
    [
      'E8',
      ['synth', '--out', '.'],
      'E_PATH] --out: <project> - only an empty directory or an earlier tree is replaced; this one holds Pulumi.dev.yaml - choose another directory',
    ],
    ['E8', ['synth', '--env', 'dev', '--release', '../x'], 'E_PATH] --release: ../x - a release.json of the GitOps repo - check the path'],
    ...['--upload-pack=x', '-c', '--'].map((ref): [string, string[], string] => [
      'E9',
      ['diff', `--against=${ref}`],
      `E_REF] --against: ${ref} - a branch name does not begin with - - ${revision}`,
    ]),
    ['E9', ['verify', '--ref', 'HEAD'], `E_REF] --ref: HEAD - HEAD is not a branch - ${revision}`],
    ['E9', ['verify', '--ref', '@{-1}'], `E_REF] --ref: @{-1} - a branch name has no @{ - ${revision}`],
    ['E9', ['verify', '--ref', 'a..b'], `E_REF] --ref: a..b - a branch name has no .. - ${revision}`],
    ['E9', ['diff', '--against', 'x.lock'], `E_REF] --against: x.lock - no part of a branch name ends with .lock - ${revision}`],
    ['E9', ['diff', '--against', 'a:b'], `E_REF] --against: a:b - a branch name has none of ~ ^ : ? * [ \\ - ${revision}`],
    ...shell.map((text): [string, string[], string] => [
      'E11',
      ['synth', '--env', text],
      `E_ENV] env: ${JSON.stringify(text).includes('\\\\') ? JSON.stringify(text) : text} - ${known} - ${other}`,
    ]),
    ...shell
      .slice(0, 3)
      .map((text): [string, string[], string] => [
        'E11',
        ['synth', '--env', 'dev', '--release', text],
        `E_PATH] --release: ${text} - a release.json of the GitOps repo - check the path`,
      ]),
  ])('%s %j', async (_row, args, line) => {
    expect(await fullcycle(args)).toEqual(refused(line));
  });
});

describe('a bad stack file is told before anything is done, whatever the verb', () => {
  const replicas =
    "E_REPLICAS] services.goserver.replicas: 0 - a whole number from 1 to 3 - stay within the environment's range, or widen it (Pulumi.dev.yaml:7:7)";
  it.concurrent.each<[string, string, string[]]>([
    ['E5', withValue('services.goserver.replicas', 0), [replicas]],
    ['E12', 'a: &x [*x]\n', ['E_YAML] Pulumi.dev.yaml:1:4: &x - no anchors and no aliases - write the value out']],
    ['E14', '\ufeffconfig: {}\n', ['E_ENCODING] Pulumi.dev.yaml:1:1: U+FEFF - no byte order mark - save it as UTF-8 without BOM']],
    [
      'E15',
      'config:\n  fullcycle:servics: {}\n',
      [
        'E_KEY] services: - missing - add it (Pulumi.dev.yaml:1:1)',
        'E_KEY] servics: - unknown - did you mean services? (Pulumi.dev.yaml:2:3)',
      ],
    ],
    [
      'E17',
      withValue('gitops.repository', 'ext::sh -c touch% canary'),
      [
        'E_URL] gitops.repository: ext::sh -c touch% canary - a URL has no spaces or control characters - write it as https://host/path.git or git@host:path.git (Pulumi.dev.yaml:29:5)',
      ],
    ],
    [
      'E18',
      withValue('namespace', { secure: 'v1:aaaaaaaa:bbbbbbbb' }),
      ['E_STACK_CONFIG] namespace: - not declared as a secret, so not encrypted - write it as plain text (Pulumi.dev.yaml:28:3)'],
    ],
  ])('%s', async (_row, dev, lines) => {
    for (const verb of [['synth'], ['diff'], ['verify'], ['status'], ['deliver', '--env', 'dev']])
      expect(await fullcycle(verb, dev)).toEqual(refused(...lines));
  });

  it.concurrent('of another environment is no hindrance', async () => {
    const { status, lines } = await fullcycle(['synth', '--env', 'prod'], 'a: &x [*x]\n');
    expect([status, lines]).toEqual([0, ['Images are placeholders: no --release was given.']]);
  });
});
