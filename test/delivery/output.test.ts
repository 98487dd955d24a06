import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { createOutput, type OutputOptions } from '../../infra/delivery/output.ts';

function capture(options: OutputOptions, isTTY = false) {
  const stream = () => Object.assign(new PassThrough(), { isTTY, columns: 80 }) as unknown as NodeJS.WriteStream & PassThrough;
  const [stdout, stderr] = [stream(), stream()];
  const read = (from: PassThrough) => String(from.read() ?? '');
  return { output: createOutput(options, { stdout, stderr }, false), stdout: () => read(stdout), stderr: () => read(stderr) };
}

describe('answers go to stdout, the rest to stderr', () => {
  it.each([
    ['for people', {}, 'answer\n', 'note\n'],
    ['with --json', { json: true }, '{\n  "a": 1\n}\n', 'note\n'],
    ['with --quiet', { quiet: true }, 'answer\n', ''],
    ['with --json --quiet', { json: true, quiet: true }, '{\n  "a": 1\n}\n', ''],
    ['with --verbose', { verbose: true }, 'answer\n', 'note\ndetail\n'],
  ])('%s', (_when, options, stdout, stderr) => {
    const { output, ...streams } = capture(options);
    output.print('answer');
    output.data({ a: 1 });
    output.note('note');
    output.detail('detail');
    expect(streams.stdout()).toBe(stdout);
    expect(streams.stderr()).toBe(stderr);
  });
});

describe('a step', () => {
  it('is a line at its start and one at its end where there is no terminal', async () => {
    const { output, ...streams } = capture({});
    expect(
      await output.step('build', async (say) => {
        say('compiling');
        return 7;
      }),
    ).toBe(7);
    expect(streams.stderr()).toMatch(/^• build\n✓ build \(\d+\.\d s\)\n$/);
  });

  it('shows each line with --verbose, without control characters', async () => {
    const { output, ...streams } = capture({ verbose: true });
    await output.step('build', async (say) => say('\u001b[1mcompiling\u001b[0m\n'));
    expect(streams.stderr()).toMatch(/^• build\n {2}compiling\n✓ build/);
  });

  it('says that it failed and passes the error on', async () => {
    const { output, ...streams } = capture({});
    await expect(output.step('build', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    expect(streams.stderr()).toMatch(/✗ build \(\d+\.\d s\)\n$/);
  });

  it('is silent with --quiet', async () => {
    const { output, ...streams } = capture({ quiet: true });
    await output.step('build', async (say) => say('compiling'));
    expect(streams.stderr()).toBe('');
  });

  it('draws on a terminal and returns its result', async () => {
    const { output, ...streams } = capture({}, true);
    expect(await output.step('build', async () => 7)).toBe(7);
    expect(streams.stderr()).toContain('build');
  });

  it('passes an error on from a terminal', async () => {
    const { output } = capture({}, true);
    await expect(output.step('build', () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  });
});
