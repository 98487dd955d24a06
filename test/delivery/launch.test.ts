import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { helpText } from '../../infra/delivery/help.ts';
import manifest from '../../package.json' with { type: 'json' };

const root = fileURLToPath(new URL('../..', import.meta.url));
const launcher = `${root}infra/delivery/fullcycle.mjs`;
const fullcycle = (...args: string[]) => spawnSync(process.execPath, [launcher, ...args], { encoding: 'utf8', cwd: root });

describe('help', () => {
  it('is stored as the parser writes it; renew it with `node infra/delivery/help.ts`', () => {
    expect(readFileSync(`${root}infra/delivery/help.txt`, 'utf8')).toBe(helpText());
  });

  it.each([[[]], [['--help']], [['-h']]])('is printed for %j', (args) => {
    const { stdout, stderr, status } = fullcycle(...args);
    expect({ stdout, stderr, status }).toEqual({ stdout: helpText(), stderr: '', status: 0 });
  });

  it('lists a verb’s own options', () => {
    const { stdout, status } = fullcycle('deliver', '--help');
    expect(stdout).toContain('--allow-delete');
    expect(status).toBe(0);
  });
});

it('the version is the one of package.json', () => {
  expect(fullcycle('--version')).toMatchObject({ stdout: `${manifest.version}\n`, status: 0 });
});

describe('bad usage is told on one line and exits with 2', () => {
  it.each([
    [['snth'], "unknown command 'snth' (Did you mean synth?)"],
    [['synth', '--ot', 'x'], "unknown option '--ot' (Did you mean --out?)"],
    [['deliver'], "required option '-e, --env <env>' not specified"],
    [['deliver', '--env'], "option '-e, --env <env>' argument missing"],
    [
      ['up', '--cluster', 'minikube'],
      "option '--cluster <kind>' argument 'minikube' is invalid. Allowed choices are auto, kind, embedded, current, none.",
    ],
    [['diff', '--format', 'xml'], "option '--format <format>' argument 'xml' is invalid."],
    [['diff', '--tree', 'dist', '--against', 'main'], "option '--tree <dir>' cannot be used with option '--against <ref>'"],
    [['status', 'extra'], "too many arguments for 'status'. Expected 0 arguments but got 1"],
  ])('%j', (args, words) => {
    const { stdout, stderr, status } = fullcycle(...args);
    expect(stderr).toContain(`error[E_USAGE] arguments: - ${words}`);
    expect(stderr.trim().split('\n')).toHaveLength(1);
    expect({ stdout, status }).toEqual({ stdout: '', status: 2 });
  });
});
