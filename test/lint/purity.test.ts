import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));
const pureFolders = ['charts', 'charts/policy', 'infra/config', 'infra/delivery/diff'];
const pureFiles = [
  'infra/delivery/plan/plan.ts',
  'infra/delivery/release/release.ts',
  'infra/delivery/plan/ledger.ts',
  'infra/delivery/live/judge.ts',
  'infra/delivery/promotion/verdict.ts',
  'infra/delivery/release/hold.ts',
];

const impurities: Readonly<Record<string, string>> = {
  'a file': `import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x');\n`,
  'a process': `import { spawnSync } from 'node:child_process';\nexport const run = spawnSync('x');\n`,
  'a program runner': `import { execa } from 'execa';\nexport const run = execa('x');\n`,
  'the network': `export const answer = fetch('http://127.0.0.1');\n`,
  'the clock': 'export const now = Date.now();\n',
  'the date': 'export const now = new Date();\n',
  'random numbers': 'export const dice = Math.random();\n',
  'an environment variable': 'export const home = process.env.HOME;\n',
  Pulumi: `import * as pulumi from '@pulumi/pulumi';\nexport const out = pulumi.output(1);\n`,
};

/** Lints each text as if it stood in the named file of this project, and returns whether the file is refused. */
function refused(file: string, text: string): boolean {
  const project = mkdtempSync(join(tmpdir(), 'fullcycle-lint-'));
  projects.push(project);
  for (const name of ['biome.json', '.gitignore', 'test/lint/pure.grit']) cpSync(join(root, name), join(project, name));
  mkdirSync(dirname(join(project, file)), { recursive: true });
  writeFileSync(join(project, file), text);
  const linter = spawnSync('biome', ['lint', '--vcs-enabled=false', file], { cwd: project, encoding: 'utf8' });
  expect(linter.stdout + linter.stderr).toContain('Checked 1 file');
  return linter.status !== 0;
}
const projects: string[] = [];
afterAll(() => {
  for (const project of projects) rmSync(project, { recursive: true });
});

describe('the linter keeps pure code pure', () => {
  const files = [...pureFolders.map((folder) => `${folder}/probe.ts`), ...pureFiles];
  const rows = Object.entries(impurities).flatMap(([what, text], index) => ({ what, text, file: files[index % files.length] as string }));
  it.each(rows)('$file may not use $what', ({ file, text }) => {
    expect(refused(file, text)).toBe(true);
  });
  it.each(Object.entries(impurities))('a chart may not use %s', (_what, text) => {
    expect(refused('charts/probe.ts', text)).toBe(true);
  });

  it('charts may not import infra', () => {
    expect(refused('charts/probe.ts', `import { fail } from '../infra/delivery/errors.ts';\nexport const f = fail;\n`)).toBe(true);
  });

  it.each(['infra/kubernetes', 'infra/delivery/live'])('%s may not import Pulumi or a provider', (folder) => {
    expect(refused(`${folder}/probe.ts`, impurities.Pulumi ?? '')).toBe(true);
    expect(refused(`${folder}/probe.ts`, `import { fail } from '../provider/value.ts';\nexport const f = fail;\n`)).toBe(true);
  });

  it('the judgement of a cluster may not ask it', () => {
    expect(refused('infra/delivery/live/judge.ts', impurities['a file'] ?? '')).toBe(true);
  });

  it('lets pure code pass', () => {
    expect(refused('charts/probe.ts', `import type { Problem } from './problem.ts';\nexport const none: Problem[] = [];\n`)).toBe(false);
  });

  it('lets effects stay in infra', () => {
    expect(refused('infra/delivery/probe.ts', `import { readFileSync } from 'node:fs';\nexport const text = readFileSync('x');\n`)).toBe(
      false,
    );
  });
});
