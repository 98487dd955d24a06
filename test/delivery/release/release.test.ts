import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../infra/delivery/errors.ts';
import { formatRelease, parseRelease, type ReleaseRecord } from '../../../infra/delivery/release/release.ts';
import { commitId, digest, release } from '../desired.ts';

const record = release({ environment: 'dev', services: { goserver: 'v1' } });
const fix = 'restore the file from the history of the GitOps repo: git log -- environments/dev/release.json';

function problems(text: string): string[] {
  try {
    parseRelease('dev', text);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Failure);
    expect((error as Failure).exitCode).toBe(1);
    return (error as Failure).message.split('\n');
  }
}

const changed = (change: Record<string, unknown>): string => JSON.stringify({ ...record, ...change });

describe('release.json', () => {
  it('has sorted keys, two spaces and a final newline', () => {
    expect(formatRelease(record)).toBe(`{
  "environment": "dev",
  "images": {
    "goserver": {
      "digest": "${digest('v1')}",
      "inputs": "${digest('inputs of v1')}",
      "name": "registry.example.com/goserver",
      "tag": "${commitId('v1')}"
    }
  },
  "inputs": "${digest('inputs {"goserver":"v1"}')}",
  "schema": 1,
  "source": {
    "commit": "${commitId('first')}",
    "dirty": false
  },
  "tools": {
    "fullcycle": "0.1.0"
  }
}
`);
  });

  it('is read back as it was written, whatever the order of its keys', () => {
    const hex = (length: number) => fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
    const digests = hex(64).map((text) => `sha256:${text}`);
    const name = fc.string({ unit: fc.constantFrom(...'abcxyz-09'), minLength: 1 });
    const records: fc.Arbitrary<ReleaseRecord> = fc.record({
      schema: fc.constant(1),
      environment: name,
      source: fc.record({ commit: fc.oneof(hex(40), hex(64)), dirty: fc.boolean() }),
      images: fc.dictionary(name, fc.record({ name, tag: name, digest: digests, inputs: digests })),
      tools: fc.dictionary(name, name),
      inputs: digests,
    });
    fc.assert(
      fc.property(records, (value) => {
        const text = formatRelease(value);
        expect(parseRelease(value.environment, text)).toEqual(value);
        const shuffled = Object.fromEntries(Object.entries(value).reverse()) as unknown as ReleaseRecord;
        expect(formatRelease(shuffled)).toBe(text);
      }),
    );
  });

  it.each([
    ['', ['environments/dev/release.json: - is empty']],
    ['{"schema":', ['environments/dev/release.json: - is not JSON']],
    ['null', ['environments/dev/release.json: - Invalid input: expected object, received null']],
    [changed({ schema: 2 }), ['environments/dev/release.json schema: - Invalid input: expected 1']],
    [changed({ environment: 'prod' }), ['environments/dev/release.json environment: - Invalid input: expected "dev"']],
    [changed({ extra: 1 }), ['environments/dev/release.json: - Unrecognized key: "extra"']],
    [
      changed({ source: { commit: '1a2b3c4', dirty: 'no' } }),
      [
        'environments/dev/release.json source.commit: - is a full commit id of 40 or 64 hex digits',
        'environments/dev/release.json source.dirty: - Invalid input: expected boolean, received string',
      ],
    ],
    [
      changed({ images: { goserver: { name: '', tag: 'latest', digest: 'sha256:1', inputs: digest('x') } } }),
      [
        'environments/dev/release.json images.goserver.name: - Too small: expected string to have >=1 characters',
        'environments/dev/release.json images.goserver.digest: - is sha256: and 64 hex digits',
      ],
    ],
    [
      changed({ images: undefined, inputs: undefined }),
      [
        'environments/dev/release.json images: - Invalid input: expected record, received undefined',
        'environments/dev/release.json inputs: - Invalid input: expected string, received undefined',
      ],
    ],
  ])('that is broken is never taken for an empty one: %j', (text, expected) => {
    expect(problems(text)).toEqual(expected.map((line) => `error[E_STATE] ${line} - ${fix}`));
  });
});
