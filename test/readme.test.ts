import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

/** Commands in the README's `sh` blocks, comments and blank lines left out. */
const commands = [...readme.matchAll(/^```sh\n([\s\S]*?)^```$/gm)]
  .flatMap(([, block = '']) => block.split('\n'))
  .map((line) => line.replace(/\s+#.*$/, '').trim())
  .filter((line) => line !== '' && !line.startsWith('#'));

const scratch = mkdtempSync(join(tmpdir(), 'fullcycle-readme-'));
const clone = join(scratch, 'clone');

/** The environment of a stranger's shell: none of this project's own programs on PATH. */
const environment = {
  ...process.env,
  CI: '',
  PATH: (process.env.PATH ?? '')
    .split(delimiter)
    .filter((folder) => !folder.includes('node_modules'))
    .join(delimiter),
};

function shell(command: string) {
  return spawnSync('bash', ['-euo', 'pipefail', '-c', command], { cwd: clone, env: environment, encoding: 'utf8', timeout: 900_000 });
}

beforeAll(() => {
  const cloned = spawnSync('git', ['clone', '--quiet', root, clone], { encoding: 'utf8' });
  expect(cloned.stderr).toBe('');
});

afterAll(() => {
  if (existsSync(join(clone, 'node_modules'))) shell('npm run down -- --purge');
  rmSync(scratch, { recursive: true, force: true });
});

describe('every command of the README works in a fresh clone', () => {
  it('names the two that do everything', () => {
    expect(commands.slice(0, 2)).toEqual(['npm run up', 'npm test']);
  });

  // `npm test` is what runs this file.
  it.each(commands.filter((command) => command !== 'npm test'))(
    '%s',
    (command) => {
      const { status, stdout, stderr } = shell(command);
      expect({ command, status, words: status === 0 ? '' : `${stdout}\n${stderr}`.slice(-2000) }).toEqual({
        command,
        status: 0,
        words: '',
      });
    },
    900_000,
  );
});
