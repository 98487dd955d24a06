import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRun } from '../../../infra/delivery/process.ts';
import { type Engine, pulumiEngine } from '../../../infra/provider/engine.ts';

const checkout = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

let engine: Engine;
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-password-'));
  engine = await pulumiEngine({ home: join(folder, 'home') });
  mkdirSync(join(folder, 'state'));
  const plugin = join(checkout, 'infra', 'provider');
  writeFileSync(
    join(folder, 'Pulumi.yaml'),
    `name: program\nruntime: {name: nodejs, options: {typescript: false}}\nmain: index.ts\nplugins: {providers: [{name: fullcycle, path: ${plugin}}]}\n`,
  );
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  await pulumi('stack', 'init', 'test');
});

afterAll(() => {
  if (folder) rmSync(folder, { recursive: true, force: true });
});

async function pulumi(...args: readonly string[]): Promise<string> {
  const state = {
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_CONFIG_PASSPHRASE: 'test',
  };
  const argv = [engine.pulumi, ...args, '--non-interactive'] as const;
  const { stdout, stderr, exitCode } = await tryRun(argv, { cwd: folder, env: { ...engine.env, ...state } });
  return `${stdout}${stderr}exit ${exitCode}`;
}

/** A program with one password, and a value that is made from it. */
function program(args: string): void {
  const text = `import { Password } from '${checkout}/infra/provider/resources.ts';
const password = new Password('admin', ${args});
export const value = password.value;
export const url = password.value.apply((text) => 'https://admin:' + text + '@host');\n`;
  writeFileSync(join(folder, 'index.ts'), text);
}

const up = (...args: readonly string[]) => pulumi('up', '--yes', '--skip-preview', ...args);
const shown = async () => (await pulumi('stack', 'output', 'value', '--show-secrets')).split('\n')[0] ?? '';
const state = () => readFileSync(join(folder, 'state/.pulumi/stacks/program/test.json'), 'utf8');

describe('a password of a program', () => {
  it('is unknown in a preview, and shown by no run', async () => {
    program('{}');
    expect(await pulumi('preview', '--diff')).toMatch(/fullcycle:secret:Password: \(create\).*exit 0$/s);
    const said = await up('--diff');
    expect(said).toMatch(/url *: \[secret\].*value *: \[secret\].*exit 0$/s);
    expect(await shown()).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(said).not.toContain(await shown());
  });

  it('is in the state only encrypted, as is what is made from it', async () => {
    const value = await shown();
    expect(value).toHaveLength(43);
    for (const form of [value, Buffer.from(value).toString('base64').slice(0, 40)]) expect(state()).not.toContain(form);
    const recorded = JSON.parse(state()).checkpoint.latest.resources.find(
      ({ type }: { type: string }) => type === 'fullcycle:secret:Password',
    );
    expect(recorded.outputs).toEqual({ value: expect.objectContaining({ ciphertext: expect.stringMatching(/^v1:/) }) });
  });

  it('stays over updates and refreshes', async () => {
    const value = await shown();
    expect(await up('--expect-no-changes')).toMatch(/exit 0$/);
    expect(await pulumi('refresh', '--yes', '--expect-no-changes')).toMatch(/exit 0$/);
    expect(await shown()).toBe(value);
  });

  it('is another one with another keeper', async () => {
    const value = await shown();
    program(`{ keeper: 'lost' }`);
    expect(await up()).toMatch(/1 replaced.*exit 0$/s);
    const other = await shown();
    expect(other).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(other).not.toBe(value);
    expect(await up('--expect-no-changes')).toMatch(/exit 0$/);
    expect(await shown()).toBe(other);
  });

  it('is forgotten when it is destroyed', async () => {
    expect(await pulumi('destroy', '--yes', '--skip-preview')).toMatch(/exit 0$/);
    expect(state()).not.toContain('fullcycle:secret:Password');
  });
});
