import {
  chmodSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Failure } from '../../infra/delivery/errors.ts';
import { run } from '../../infra/delivery/process.ts';
import { hashInputs, inputsTag } from '../../infra/image/inputs.ts';
import { copySource, describeSourceFile, readSource } from '../../infra/image/source.ts';

let scratch: string;
let context: string;

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'source-'));
  context = join(scratch, 'context');
  mkdirSync(join(context, 'a/b'), { recursive: true });
  writeFileSync(join(context, 'main.go'), 'package main\n');
  writeFileSync(join(context, 'a/run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  writeFileSync(join(context, 'a/b/deep.txt'), 'deep\n');
  symlinkSync('../main.go', join(context, 'a/link'));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const hash = async (folder = context, ignored: readonly string[] = []) =>
  hashInputs((await readSource(folder, ignored)).map(describeSourceFile));

describe('the hash of a source', () => {
  const nothing: readonly [string, () => unknown][] = [
    ['a file is touched', () => utimesSync(join(context, 'main.go'), 1, 1)],
    ['modes differ by umask', () => chmodSync(join(context, 'main.go'), 0o600)],
    ['the executable bits of group and others', () => chmodSync(join(context, 'a/run.sh'), 0o700)],
    ['an empty folder', () => mkdirSync(join(context, 'empty'))],
    ['a file that is ignored', () => writeFileSync(join(context, '.dockerignore'), '.dockerignore\nnotes.md\n')],
    ['a pipe', () => run(['mkfifo', join(context, 'pipe')])],
  ];
  it.each(nothing)('does not change with: %s', async (_, change) => {
    writeFileSync(join(context, 'notes.md'), 'x');
    const before = await hash(context, ['notes.md']);
    await change();
    expect(await hash(context, ['notes.md'])).toBe(before);
  });

  it('does not change with the folder, nor with the order in which files were made', async () => {
    const other = join(scratch, 'other folder');
    mkdirSync(join(other, 'a/b'), { recursive: true });
    for (const path of ['a/b/deep.txt', 'a/run.sh', 'main.go', 'a/link'])
      cpSync(join(context, path), join(other, path), { verbatimSymlinks: true });
    expect(await hash(other)).toBe(await hash(context));
  });

  const something: readonly [string, () => void][] = [
    ['content', () => writeFileSync(join(context, 'main.go'), 'package other\n')],
    ['one more byte', () => writeFileSync(join(context, 'a/b/deep.txt'), 'deep\n\n')],
    ['the executable bit', () => chmodSync(join(context, 'main.go'), 0o755)],
    ['a new file', () => writeFileSync(join(context, 'new'), '')],
    ['a removed file', () => rmSync(join(context, 'a/b/deep.txt'))],
    [
      'a file instead of a link to it',
      () => {
        rmSync(join(context, 'a/link'));
        cpSync(join(context, 'main.go'), join(context, 'a/link'));
      },
    ],
    [
      'the target of a link',
      () => {
        rmSync(join(context, 'a/link'));
        symlinkSync('b/deep.txt', join(context, 'a/link'));
      },
    ],
    ['a file that the ignore file lets out', () => writeFileSync(join(context, '.dockerignore'), '.dockerignore\nmain.go\n')],
    [
      'content moved from one file to another',
      () => {
        cpSync(join(context, 'main.go'), join(context, 'a/b/deep.txt'));
        writeFileSync(join(context, 'main.go'), 'deep\n');
      },
    ],
  ];
  it.each(something)('changes with: %s', async (_, change) => {
    const before = await hash();
    change();
    expect(await hash()).not.toBe(before);
  });

  it('is the SHA-256 of the sorted lines', () => {
    expect(hashInputs(['b', 'a'])).toBe('sha256:7e18f737311b2dc3b2f269dd78396b0351f14fb66efa879f768cb23181883c78');
    expect(inputsTag(hashInputs(['b', 'a']))).toBe('inputs-7e18f737311b2dc3b2f269dd78396b03');
  });
});

describe('the copy of a source', () => {
  it('holds what was read in its normal form', async () => {
    writeFileSync(join(context, 'notes.md'), 'x');
    const copy = join(scratch, 'copy');
    await copySource(context, await readSource(context, ['notes.md']), copy);
    expect(readdirSync(copy, { recursive: true }).sort()).toEqual(['a', 'a/b', 'a/b/deep.txt', 'a/link', 'a/run.sh', 'main.go']);
    const facts = (path: string) => [(statSync(join(copy, path)).mode & 0o777).toString(8), statSync(join(copy, path)).mtimeMs];
    expect(['', 'a', 'main.go', 'a/run.sh'].map(facts)).toEqual([
      ['755', 0],
      ['755', 0],
      ['644', 0],
      ['755', 0],
    ]);
    expect(readFileSync(join(copy, 'a/link'), 'utf8')).toBe('package main\n');
    expect(await hash(copy)).toBe(await hash(context, ['notes.md']));
  });

  const changes: readonly [string, () => void][] = [
    ['was changed', () => writeFileSync(join(context, 'main.go'), 'package other\n')],
    ['was removed', () => rmSync(join(context, 'main.go'))],
  ];
  it.each(changes)('is refused when a file %s meanwhile', async (_, change) => {
    const files = await readSource(context, []);
    change();
    await expect(copySource(context, files, join(scratch, 'copy'))).rejects.toThrow(
      new Failure([
        { code: 'E_BUILD', field: context, rule: 'the source must not change while it is built', fix: 'rerun when it is saved' },
      ]),
    );
  });
});

describe('a source that is refused', () => {
  const rule = 'a link in the source must stay inside the folder of the service';
  const fix = 'copy the file, or ignore the link in .dockerignore';
  it('has links that leave it: all of them are named', async () => {
    symlinkSync('/etc/passwd', join(context, 'absolute'));
    symlinkSync('../../outside', join(context, 'a/up'));
    symlinkSync('..', join(context, 'dots'));
    await expect(readSource(context, [])).rejects.toThrow(
      [
        `error[E_SYMLINK] a/up: -> ../../outside - ${rule} - ${fix}`,
        `error[E_SYMLINK] absolute: -> /etc/passwd - ${rule} - ${fix}`,
        `error[E_SYMLINK] dots: -> .. - ${rule} - ${fix}`,
      ].join('\n'),
    );
  });

  it('is not there', async () => {
    const missing = join(scratch, 'missing');
    await expect(readSource(missing, [])).rejects.toThrow(
      `error[E_BUILD] ${missing}: - the source must be a readable folder: ENOENT - check the path of the service`,
    );
  });
});
