import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../infra/delivery/process.ts';
import { type BuildOptions, buildImage, imageInputs, requireImages } from '../../infra/image/build.ts';
import type { BuiltImage, ImageRequest } from '../../infra/image/image.ts';
import { inputsTag } from '../../infra/image/inputs.ts';
import { tool } from '../../infra/local/tools.ts';
import { commit, copyFixture, foreign, imageRequest, own, type Source } from './project.ts';
import { startRegistry, type TestRegistry } from './test-registry.ts';

let registry: TestRegistry;
let cacheDirectory: string;
let source: Source;
let name: string;

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

beforeAll(async () => {
  registry = await startRegistry();
  cacheDirectory = mkdtempSync(join(tmpdir(), 'image-cache-'));
});
afterAll(async () => {
  await registry[Symbol.asyncDispose]();
  rmSync(cacheDirectory, { recursive: true });
});
beforeEach(() => {
  source = copyFixture('hello-go');
  name = `${registry.address}/team/hello-${randomBytes(4).toString('hex')}`;
  registry.interfere = () => undefined;
  return () => source[Symbol.dispose]();
});

const build = (settings: Partial<ImageRequest> = {}, options: BuildOptions = {}) =>
  buildImage(imageRequest(source.context, name, { builder: 'ko', ...settings }), { cacheDirectory, ...options });
const tags = async () => (await registry.crane('ls', name)).split('\n').sort();
const digestOf = (tag: string) => registry.crane('digest', `${name}:${tag}`);

/** What happened in the registry while something ran. */
async function writesOf(work: () => Promise<unknown>): Promise<readonly string[]> {
  const before = registry.writes.length;
  await work();
  return registry.writes.slice(before);
}

describe('a first build', () => {
  it('pushes the commit, latest, the inputs and the SBOM', async () => {
    const image = await build();
    expect(image).toEqual({
      name,
      tag: commit('a'),
      digest: await digestOf(commit('a')),
      inputs: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      sbom: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      built: true,
    } satisfies BuiltImage);
    const sbomTag = `${image.digest.replace(':', '-')}.sbom`;
    expect(await tags()).toEqual([commit('a'), inputsTag(image.inputs), 'latest', sbomTag].sort());
    expect(await digestOf('latest')).toBe(image.digest);
    expect(await digestOf(inputsTag(image.inputs))).toBe(image.digest);
    const { layers } = JSON.parse(await registry.crane('manifest', `${name}:${sbomTag}`));
    expect(layers).toEqual([{ mediaType: 'text/spdx+json', digest: image.sbom, size: expect.any(Number) }]);
  });

  it('writes the tag of the inputs last', async () => {
    const writes = await writesOf(async () => expect((await build()).built).toBe(true));
    const manifests = writes.filter((write) => write.includes('/manifests/')).map((write) => write.replace(/^.*\/manifests\//, ''));
    expect(manifests).toEqual([
      commit('a'),
      expect.stringMatching(/^sha256-[0-9a-f]{64}\.sbom$/),
      'latest',
      expect.stringMatching(/^inputs-/),
    ]);
  });

  it('leaves nothing behind on the machine', async () => {
    await build();
    expect(readdirSync(join(cacheDirectory, 'work'))).toEqual([]);
  });

  it('pushes to another address than the one in the manifests', async () => {
    const image = await build({ name: 'registry.fullcycle.internal/hello' });
    expect(image.name).toBe('registry.fullcycle.internal/hello');
    expect(await digestOf(commit('a'))).toBe(image.digest);
  });
});

describe('a build of the same inputs', () => {
  it('builds nothing and writes nothing, and reports the tag of the first build', async () => {
    const first = await build();
    let second: BuiltImage | undefined;
    const writes = await writesOf(async () => {
      second = await build({ tag: commit('b') });
    });
    expect(second).toEqual({ ...first, built: false });
    expect(writes).toEqual([]);
    expect(await tags()).not.toContain(commit('b'));
  });

  it('is told apart without a build', async () => {
    const request = imageRequest(source.context, name, { builder: 'ko' });
    const { inputs } = await build();
    expect(await imageInputs(request)).toBe(inputs);
    writeFileSync(join(source.context, 'more.go'), 'package main\n');
    expect(await imageInputs(request)).not.toBe(inputs);
  });

  it('stays where releases can go back to it, until it is gone', async () => {
    const { digest } = await build();
    const image = { name: 'registry.fullcycle.internal/hello', pushTo: name, digest };
    await requireImages([image]);
    await registry.crane('delete', `${name}@${digest}`);
    await expect(requireImages([image])).rejects.toThrow(
      `error[E_IMAGE_GONE] registry.fullcycle.internal/hello@${digest}: - the image must be in its registry - build it again, or choose an earlier release`,
    );
  });

  it('needs no cache: a machine that never built it finds it in the registry', async () => {
    const first = await build();
    const empty = join(cacheDirectory, 'empty');
    expect(await build({}, { cacheDirectory: empty })).toEqual({ ...first, built: false });
    expect(existsSync(empty)).toBe(false);
  });

  it('is built again when the source changes, and known again when it is changed back', async () => {
    const first = await build();
    writeFileSync(join(source.context, 'more.go'), 'package main\n\nfunc init() { println("more") }\n');
    const second = await build({ tag: commit('b') });
    expect(second).toMatchObject({ tag: commit('b'), built: true });
    expect(second.digest).not.toBe(first.digest);
    rmSync(join(source.context, 'more.go'));
    expect(await build({ tag: commit('c') })).toEqual({ ...first, built: false });
  });

  it('is another image for other platforms', async () => {
    const first = await build();
    const both = await build({ platforms: [own, foreign] });
    expect(both.built).toBe(true);
    expect(both.inputs).not.toBe(first.inputs);
  });

  it('is done again when its push was cut short', async () => {
    for (const step of [commit('a'), '.sbom', 'latest', 'inputs-']) {
      registry.interfere = (method, path) => (method === 'PUT' && path.includes('/manifests/') && path.includes(step) ? 400 : undefined);
      await expect(build()).rejects.toThrow(/^error\[E_REGISTRY\]/);
      registry.interfere = () => undefined;
    }
    const image = await build();
    expect(image.built).toBe(true);
    expect(await digestOf(inputsTag(image.inputs))).toBe(image.digest);
    expect((await build()).built).toBe(false);
  });

  it('is done again when the tag in its record is none', async () => {
    const first = await build();
    const record = `${name}:${first.digest.replace(':', '-')}.sbom`;
    await registry.crane('mutate', record, '--annotation', 'org.opencontainers.image.revision=$(id)', '--tag', record);
    expect(await build({ tag: commit('b') })).toEqual({ ...first, tag: commit('b') });
  });

  it('is done again when its record is gone', async () => {
    const first = await build();
    await registry.crane('delete', `${name}@${await digestOf(`${first.digest.replace(':', '-')}.sbom`)}`);
    expect(await build({ tag: commit('b') })).toEqual({ ...first, tag: commit('b') });
  });
});

describe('a dirty tree', () => {
  const dirty = `${commit('d')}-dirty-0123abcd`;

  it('is pushed under its own tag; latest stays', async () => {
    const clean = await build();
    writeFileSync(join(source.context, 'more.go'), 'package main\n');
    const image = await build({ tag: dirty });
    expect(image).toMatchObject({ tag: dirty, built: true });
    expect(await digestOf(dirty)).toBe(image.digest);
    expect(await digestOf('latest')).toBe(clean.digest);
  });

  it('gets the clean tag when the same source is committed, without a build', async () => {
    const first = await build({ tag: dirty });
    expect(await tags()).not.toContain('latest');
    const second = await build({ tag: commit('e') });
    expect(second).toEqual({ ...first, tag: commit('e'), built: false });
    expect([await digestOf(commit('e')), await digestOf('latest')]).toEqual([first.digest, first.digest]);
    const writes = await writesOf(async () => expect(await build({ tag: commit('f') })).toEqual(second));
    expect(writes).toEqual([]);
  });

  it('reports the clean tag of what was built from the same source before', async () => {
    const first = await build();
    expect(await build({ tag: dirty })).toEqual({ ...first, built: false });
  });
});

describe('a build that is killed', () => {
  const buildOnce = fileURLToPath(new URL('build-once.ts', import.meta.url));

  it.each(['building', 'pushing'])('while %s leaves nothing that the next one trips over', async (moment) => {
    const child = spawn(process.execPath, [buildOnce, source.context, name, cacheDirectory], { stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface(child.stdout)) if (line.startsWith(moment)) child.kill('SIGKILL');
    const image = await build();
    expect(image).toMatchObject({ tag: commit('a'), built: true });
    const reference = name;
    name = `${name}-control`;
    expect(image).toEqual({ ...(await build()), name: reference });
    expect((await registry.crane('ls', reference)).split('\n').sort()).toEqual(await tags());
    rmSync(join(cacheDirectory, 'work'), { recursive: true });
  });
});

describe('a build that fails', () => {
  it('says what the compiler says and writes nothing', async () => {
    writeFileSync(join(source.context, 'main.go'), 'package main\n\nfunc main() { nowhere() }\n');
    const writes = await writesOf(() =>
      expect(build()).rejects.toThrow(/^error\[E_BUILD\] hello-go: - ko failed: .*main\.go:3:15: undefined: nowhere - mend what it names$/),
    );
    expect(writes).toEqual([]);
    expect(readdirSync(join(cacheDirectory, 'work'))).toEqual([]);
  });

  it('stops when it is told to', async () => {
    const abort = new AbortController();
    const onProgress = (line: string) => line.startsWith('building') && abort.abort();
    await expect(build({}, { signal: abort.signal, onProgress })).rejects.toThrow('This operation was aborted');
    expect(readdirSync(join(cacheDirectory, 'work'))).toEqual([]);
    expect((await build()).built).toBe(true);
  });

  it('names what is missing when Go is not there', async () => {
    const bin = join(cacheDirectory, 'bin');
    mkdirSync(bin);
    symlinkSync(await tool('crane'), join(bin, 'crane'));
    await expect(build({}, { env: { HOME: process.env.HOME, PATH: bin } })).rejects.toThrow(
      'error[E_TOOL] go: - needed to build hello-go - install Go from go.dev/dl and put it on PATH, or set image.builder to docker',
    );
  });
});

describe('the folder to build in', () => {
  const last = 'images are built there - ';

  it('is a file', async () => {
    const file = join(cacheDirectory, 'file');
    writeFileSync(file, '');
    await expect(build({}, { cacheDirectory: file })).rejects.toThrow(
      `error[E_IO] ${file}/work: ENOTDIR - ${last}make it a folder that can be written, then rerun`,
    );
  });

  it('is full', async () => {
    const small = join(cacheDirectory, 'small');
    mkdirSync(small);
    await run(['mount', '-t', 'tmpfs', '-o', 'size=64k', 'tmpfs', small]);
    try {
      await expect(build({}, { cacheDirectory: small })).rejects.toThrow(
        `error[E_NO_SPACE] ${small}/work: - ${last}free some space, then rerun`,
      );
    } finally {
      await run(['umount', small]);
    }
  });

  it('loses what a killed build left a day ago, not what another one is doing', async () => {
    const folders = ['killed', 'running'].map((name) => join(cacheDirectory, 'work', name));
    for (const folder of folders) mkdirSync(folder, { recursive: true });
    utimesSync(folders[0] ?? '', 0, Date.now() / 1000 - 100_000);
    await build();
    expect(folders.map((folder) => existsSync(folder))).toEqual([false, true]);
    rmSync(folders[1] ?? '', { recursive: true });
  });
});

describe('the builder', () => {
  const fix = 'set image.builder to another one, or add the file';
  const cases: readonly [string, ImageRequest['builder'], readonly string[], string][] = [
    ['ko without a Go module', 'ko', ['go.mod'], `ko - this builder needs a go.mod in app/service - ${fix}`],
    ['layers without a package', 'layers', [], `layers - this builder needs a package.json in app/service - ${fix}`],
    ['docker without a Dockerfile', 'docker', ['Dockerfile'], `docker - this builder needs a Dockerfile in app/service - ${fix}`],
    [
      'auto with nothing to go by',
      'auto',
      ['go.mod'],
      `auto - this builder needs a go.mod, a package.json, or a Dockerfile and Docker in app/service - ${fix}`,
    ],
  ];
  const env = { ...process.env, DOCKER_HOST: 'unix:///nowhere/docker.sock' };

  it.each(cases)('refuses %s', async (_, builder, removed, words) => {
    for (const file of removed) rmSync(join(source.context, file));
    await expect(build({ builder }, { env })).rejects.toThrow(`error[E_BUILD] hello-go: ${words}`);
  });

  it('is ko for Go where no Docker answers', async () => {
    const lines: string[] = [];
    await build({ builder: 'auto' }, { env, onProgress: (line) => lines.push(line) });
    expect(lines).toContain('building hello-go with ko');
  });

  it('is not docker when Docker is asked for and does not answer', async () => {
    await expect(build({ builder: 'docker' }, { env })).rejects.toThrow(
      /^error\[E_TOOL\] docker: - a daemon must answer: .+ - start Docker, or set image\.builder to auto$/,
    );
  });
});
