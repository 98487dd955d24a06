import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkout, createProgram, type EngineProgram } from './engine-program.ts';

let program: EngineProgram;

beforeAll(async () => {
  program = await createProgram(`{providers: [{name: fullcycle, path: ${join(checkout, 'infra', 'provider')}}]}`);
});

afterAll(() => program?.remove());

/** A program with one password, and a value that is made from it. */
function write(args: string): void {
  program.write(`import { Password } from '${checkout}/infra/provider/resources.ts';
const password = new Password('admin', ${args});
export const value = password.value;
export const url = password.value.apply((text) => 'https://admin:' + text + '@host');\n`);
}

const up = (...args: readonly string[]) => program.pulumi('up', '--yes', '--skip-preview', ...args);
const shown = async () => (await program.pulumi('stack', 'output', 'value', '--show-secrets')).split('\n')[0] ?? '';
const state = () => readFileSync(join(program.folder, 'state/.pulumi/stacks/program/test.json'), 'utf8');

describe('a password of a program', () => {
  it('is unknown in a preview, and shown by no run', async () => {
    write('{}');
    expect(await program.pulumi('preview', '--diff')).toMatch(/fullcycle:secret:Password: \(create\).*exit 0$/s);
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
    expect(await program.pulumi('refresh', '--yes', '--expect-no-changes')).toMatch(/exit 0$/);
    expect(await shown()).toBe(value);
  });

  it('is another one with another keeper', async () => {
    const value = await shown();
    write(`{ keeper: 'lost' }`);
    expect(await up()).toMatch(/1 replaced.*exit 0$/s);
    const other = await shown();
    expect(other).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(other).not.toBe(value);
    expect(await up('--expect-no-changes')).toMatch(/exit 0$/);
    expect(await shown()).toBe(other);
  });

  it('is forgotten when it is destroyed', async () => {
    expect(await program.pulumi('destroy', '--yes', '--skip-preview')).toMatch(/exit 0$/);
    expect(state()).not.toContain('fullcycle:secret:Password');
  });
});
