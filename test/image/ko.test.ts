import { randomBytes } from 'node:crypto';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { buildImage } from '../../infra/image/build.ts';
import type { ImageRequest } from '../../infra/image/image.ts';
import { createKoBuilder } from '../../infra/image/ko.ts';
import { ask } from '../app/client.ts';
import { RunningServer } from '../app/running-server.ts';
import { platformOf } from './elf.ts';
import { runImage, unpackImage } from './image-root.ts';
import { appFolder, commit, copyFixture, foreign, imageRequest, own, type Source } from './project.ts';
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
  return () => source[Symbol.dispose]();
});

const build = (settings: Partial<ImageRequest> = {}, env: NodeJS.ProcessEnv = process.env) =>
  buildImage(imageRequest(source.context, name, { builder: 'ko', ...settings }), { cacheDirectory, env });

describe('an image of a Go service', () => {
  it('runs as nobody, with the inputs hash as its build id, on nothing but its binary', async () => {
    const { inputs } = await build();
    using root = await unpackImage(`${name}:latest`, own);
    expect(await runImage(root)).toBe(`hello from ${inputs}\n`);
    expect(root.config).toMatchObject({ User: '65532:65532', Entrypoint: ['/ko-app/hello-go'] });
    const files = readdirSync(root.folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.map(({ name }) => name)).toEqual(['hello-go']);
  });

  it('carries the files of kodata, dated 1970', async () => {
    mkdirSync(join(source.context, 'kodata'));
    writeFileSync(join(source.context, 'kodata/page.html'), '<p>');
    await build();
    using root = await unpackImage(`${name}:latest`, own);
    const page = join(root.folder, 'var/run/ko/page.html');
    expect([readFileSync(page, 'utf8'), statSync(page).mtimeMs]).toEqual(['<p>', 0]);
  });

  it('tells its progress without times and scratch folders', async () => {
    const lines: string[] = [];
    const onProgress = (line: string) => lines.push(line);
    await buildImage(imageRequest(source.context, name, { builder: 'ko' }), { cacheDirectory, onProgress });
    expect([...new Set(lines)]).toEqual(['building hello-go with ko', `compiling for ${own}`, 'writing SBOM', 'pushing hello-go']);
  });

  it('is an index of both platforms, each with a binary of its own', async () => {
    const { digest } = await build({ platforms: ['linux/amd64', 'linux/arm64'] });
    const index = JSON.parse(await registry.crane('manifest', `${name}@${digest}`));
    expect(index.mediaType).toBe('application/vnd.oci.image.index.v1+json');
    expect(index.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
      { architecture: 'amd64', os: 'linux' },
      { architecture: 'arm64', os: 'linux' },
    ]);
    for (const platform of [own, foreign]) {
      using root = await unpackImage(`${name}@${digest}`, platform);
      expect(platformOf(join(root.folder, 'ko-app/hello-go'))).toBe(platform);
    }
  });

  it('has an SPDX document for the index and each platform, which names the module', async () => {
    const { digest } = await build({ platforms: ['linux/amd64', 'linux/arm64'] });
    const { manifests } = JSON.parse(await registry.crane('manifest', `${name}@${digest}`)) as { manifests: { digest: string }[] };
    const read = async (subject: string) => JSON.parse(await registry.crane('export', `${name}:${subject.replace(':', '-')}.sbom`, '-'));
    expect(await read(digest)).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      name: `sbom-${digest}`,
      creationInfo: { created: '1970-01-01T00:00:00Z' },
    });
    for (const platform of manifests) {
      const { packages } = (await read(platform.digest)) as { packages: { name: string }[] };
      expect(packages.map((entry) => entry.name)).toContain('example.com/hello-go');
    }
  });

  it('serves: goserver answers and reports its build', async () => {
    const { inputs } = await buildImage(imageRequest(appFolder('goserver'), name, { builder: 'ko' }), { cacheDirectory });
    using root = await unpackImage(`${name}:latest`, own);
    await using server = new RunningServer(root.command(), { ...root.env, HOST: '127.0.0.1', PORT: '0', APP_COMMIT: commit('a') });
    const url = await server.listening();
    expect((await ask(`${url}/`)).body).toBe('Hello Full Cycle');
    expect(JSON.parse((await ask(`${url}/version`)).body)).toEqual({ service: 'goserver', commit: commit('a'), build: inputs });
  });
});

describe('the same source', () => {
  it('gives one digest whatever the folder, the times, umask, time zone, settings of Go and registry', async () => {
    const first = await build();
    const folder = mkdtempSync(join(tmpdir(), 'elsewhere with spaces '));
    const umask = process.umask(0o077);
    try {
      const context = join(folder, 'hello-go');
      cpSync(source.context, context, { recursive: true });
      for (const file of readdirSync(context)) {
        utimesSync(join(context, file), 1e9, 1e9);
        chmodSync(join(context, file), 0o600);
      }
      await using other = await startRegistry();
      const environment = {
        ...process.env,
        TZ: 'Asia/Kathmandu',
        LC_ALL: 'tr_TR.UTF-8',
        CGO_ENABLED: '1',
        GOFLAGS: '-race',
        GOAMD64: 'v3',
        GOARCH: '386',
        KO_DEFAULTBASEIMAGE: 'x',
        SOURCE_DATE_EPOCH: '99',
      };
      const request = imageRequest(context, `${other.address}/elsewhere`, { builder: 'ko', tag: commit('b') });
      const second = await buildImage(request, { cacheDirectory: join(folder, 'cache'), env: environment });
      expect(second).toEqual({ ...first, name: request.name, tag: commit('b') });
    } finally {
      process.umask(umask);
      rmSync(folder, { recursive: true });
    }
  });

  it('gives one digest with the Go caches empty', async () => {
    const first = await build();
    const caches = mkdtempSync(join(tmpdir(), 'go-cache-'));
    name = `${name}-again`;
    const again = await build({}, { ...process.env, GOCACHE: caches });
    rmSync(caches, { recursive: true });
    expect(again).toEqual({ ...first, name });
  });
});

describe('what decides an image besides the source', () => {
  const inputs = async (request: ImageRequest, env: NodeJS.ProcessEnv = process.env) =>
    createKoBuilder({ env, cacheDirectory, say: () => {} }).inputs(request);

  it('is our own code, the platforms, Go, ko and the base in it', async () => {
    const go = /^go "go1\.\d+(\.\d+)?(\\n.*)*"$/;
    expect(await inputs(imageRequest(source.context, name))).toEqual([
      ...Array(3).fill(expect.stringMatching(/^recipe [0-9a-f]{64}$/)),
      `platform ${own}`,
      expect.stringMatching(go),
      expect.stringMatching(/^ko v\d+\.\d+\.\d+$/),
    ]);
  });

  const changes: readonly [string, Partial<ImageRequest>, NodeJS.ProcessEnv][] = [
    ['another platform', { platforms: [foreign] }, {}],
    ['one platform more', { platforms: [own, foreign] }, {}],
    ['an experiment of the Go toolchain', {}, { GOEXPERIMENT: 'nogreenteagc' }],
    ['FIPS mode', {}, { GOFIPS140: 'latest' }],
  ];
  it.each(changes)('changes with %s', async (_, settings, env) => {
    const before = await inputs(imageRequest(source.context, name));
    expect(await inputs(imageRequest(source.context, name, settings), { ...process.env, ...env })).not.toEqual(before);
  });

  const same: readonly [string, Partial<ImageRequest>, NodeJS.ProcessEnv][] = [
    ['the commit', { tag: commit('b') }, {}],
    ['the name of the image', { name: 'registry.example.com/other' }, {}],
    ['the address of the registry', { pushTo: '127.0.0.1:1/other' }, {}],
    ['how the builder was chosen', { builder: 'auto' }, {}],
    ['flags in the environment', {}, { GOFLAGS: '-race', CGO_ENABLED: '1', GOAMD64: 'v3' }],
  ];
  it.each(same)('does not change with %s', async (_, settings, env) => {
    const before = await inputs(imageRequest(source.context, name));
    expect(await inputs(imageRequest(source.context, name, settings), { ...process.env, ...env })).toEqual(before);
  });

  it('leaves out tests and what only Docker reads', async () => {
    const first = await build();
    rmSync(join(source.context, '.dockerignore'));
    rmSync(join(source.context, 'Dockerfile'));
    writeFileSync(join(source.context, 'main_test.go'), 'package main\n');
    expect(await build()).toEqual({ ...first, built: false });
  });
});
