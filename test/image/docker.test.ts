import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../infra/delivery/process.ts';
import { type BuildOptions, buildImage } from '../../infra/image/build.ts';
import { createDockerBuilder, findDocker } from '../../infra/image/docker.ts';
import { createIgnore } from '../../infra/image/ignore-file.ts';
import type { ImageRequest } from '../../infra/image/image.ts';
import { Registry } from '../../infra/image/registry.ts';
import { tool } from '../../infra/local/tools.ts';
import { ask } from '../app/client.ts';
import { RunningServer } from '../app/running-server.ts';
import { makeBases } from './docker-bases.ts';
import { addBuildx, type DockerDaemon, startDocker } from './docker-daemon.ts';
import { platformOf } from './elf.ts';
import { runImage, unpackImage } from './image-root.ts';
import { appFolder, commit, copyFixture, foreign, imageRequest, own, type Source } from './project.ts';
import { startRegistry, type TestRegistry } from './test-registry.ts';

let registry: TestRegistry;
let daemon: DockerDaemon;
let cacheDirectory: string;
let source: Source;
let name: string;

vi.setConfig({ testTimeout: 900_000, hookTimeout: 900_000 });

beforeAll(async () => {
  daemon = await startDocker();
  registry = await startRegistry();
  cacheDirectory = mkdtempSync(join(tmpdir(), 'image-cache-'));
  await makeBases(daemon, cacheDirectory);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await registry[Symbol.asyncDispose]();
  rmSync(cacheDirectory, { recursive: true });
});
beforeEach(() => {
  source = copyFixture('hello-go');
  name = `${registry.address}/team/hello-${randomBytes(4).toString('hex')}`;
  return () => source[Symbol.dispose]();
});

const build = (settings: Partial<ImageRequest> = {}, options: BuildOptions = {}) =>
  buildImage(imageRequest(source.context, name, settings), { cacheDirectory, env: daemon.env, ...options });
describe('an image that Docker builds', () => {
  it('is taken where a daemon answers, gets the inputs hash as its build id and runs as nobody', async () => {
    const image = await build();
    expect(image).toMatchObject({ tag: commit('a'), built: true, digest: await registry.crane('digest', `${name}:latest`) });
    using root = await unpackImage(`${name}:latest`, own);
    expect(await runImage(root)).toBe(`hello from ${image.inputs}\n`);
    expect(root.config).toMatchObject({ User: '65532:65532', Entrypoint: ['/hello'] });
    expect(await registry.crane('validate', '--remote', `${name}:latest`)).toContain('PASS');
  });

  it('is the one that the daemon holds under its name, too', async () => {
    await build();
    expect(await daemon.docker('run', '--rm', '--network=none', `${name}:${commit('a')}`)).toMatch(/^hello from sha256:[0-9a-f]{64}$/);
  });

  it('may hold one layer twice', async () => {
    using made = { folder: mkdtempSync(join(tmpdir(), 'twice-')), [Symbol.dispose]: () => rmSync(made.folder, { recursive: true }) };
    const [layer, base] = [join(made.folder, 'layer.tar'), join(made.folder, 'base.tar')];
    writeFileSync(join(made.folder, 'file'), 'once');
    await run(['tar', '--create', '--file', layer, '--directory', made.folder, 'file']);
    await registry.crane('append', '--oci-empty-base', '--new_layer', layer, '--new_layer', layer, '--new_tag', `${name}:base`);
    await registry.crane('mutate', `${name}:base`, `--set-platform=${own}`, '--tag', `${name}:base`);
    await registry.crane('pull', `${name}:base`, base);
    await daemon.docker('load', '--input', base);
    writeFileSync(join(source.context, 'Dockerfile'), `FROM ${name}:base\nENTRYPOINT ["/file"]\nUSER 1:1\n`);
    await build();
    expect(await registry.crane('validate', '--remote', `${name}:latest`)).toContain('PASS');
    const { layers } = JSON.parse(await registry.crane('manifest', `${name}:latest`));
    expect(layers).toEqual([layers[0], layers[0]]);
  });

  it('is an index of both platforms, cross-compiled', async () => {
    const { digest } = await build({ platforms: ['linux/amd64', 'linux/arm64'] });
    for (const platform of [own, foreign]) {
      using root = await unpackImage(`${name}@${digest}`, platform);
      expect(platformOf(join(root.folder, 'hello'))).toBe(platform);
    }
  });

  it('has an SPDX document with what it was built from', async () => {
    const { digest, sbom } = await build();
    const tag = `${digest.replace(':', '-')}.sbom`;
    expect(JSON.parse(await registry.crane('manifest', `${name}:${tag}`)).layers[0].digest).toBe(sbom);
    const { packages } = JSON.parse(await registry.crane('export', `${name}:${tag}`, '-'));
    expect(packages.map((entry: { name: string }) => entry.name)).toEqual(['hello-go', 'golang:1.26.8-alpine']);
  });

  it('serves: goserver', async () => {
    const { inputs } = await buildImage(imageRequest(appFolder('goserver'), name), { cacheDirectory, env: daemon.env });
    using root = await unpackImage(`${name}:latest`, own);
    await using server = new RunningServer(root.command(), { ...root.env, HOST: '127.0.0.1', PORT: '0' });
    const url = await server.listening();
    expect(JSON.parse((await ask(`${url}/version`)).body)).toEqual({ service: 'goserver', commit: 'unknown', build: inputs });
  });

  it('serves: nodeserver', async () => {
    const { inputs } = await buildImage(imageRequest(appFolder('nodeserver'), name), { cacheDirectory, env: daemon.env });
    using root = await unpackImage(`${name}:latest`, own);
    await using server = new RunningServer(root.command(), { ...root.env, HOST: '127.0.0.1', PORT: '0' });
    const url = await server.listening();
    expect(JSON.parse((await ask(`${url}/version`)).body)).toEqual({ service: 'nodeserver', commit: 'unknown', build: inputs });
  });
});

describe('a second build', () => {
  it('of the same inputs builds nothing and writes nothing', async () => {
    const first = await build();
    const before = registry.writes.length;
    const lines: string[] = [];
    expect(await build({ tag: commit('b') }, { onProgress: (line) => lines.push(line) })).toEqual({ ...first, built: false });
    expect([registry.writes.length, lines]).toEqual([before, []]);
  });

  const changes: readonly [string, (context: string) => unknown][] = [
    [
      'the Dockerfile',
      (context) => writeFileSync(join(context, 'Dockerfile'), `${readFileSync(join(context, 'Dockerfile'), 'utf8')}LABEL a=b\n`),
    ],
    ['the ignore file', (context) => writeFileSync(join(context, '.dockerignore'), '*\n!go.mod\n!*.go\n')],
    ['the source', (context) => writeFileSync(join(context, 'more.go'), 'package main\n')],
    ['the image under the name of a base', () => daemon.docker('tag', 'node:24.21.0-slim', 'moving:1')],
  ];
  it.each(changes)('is made when this changes: %s', async (_, change) => {
    const file = join(source.context, 'Dockerfile');
    await daemon.docker('tag', 'golang:1.26.8-alpine', 'moving:1');
    writeFileSync(file, `${readFileSync(file, 'utf8')}COPY --from=moving:1 /etc/ld.so.conf /\n`);
    const first = await build();
    await change(source.context);
    const second = await build({ tag: commit('b') });
    expect([second.built, second.tag]).toEqual([true, commit('b')]);
    expect(second.inputs).not.toBe(first.inputs);
  });
});

describe('what Docker leaves out of the context', () => {
  it('is what we leave out of the inputs', async () => {
    const patterns = ['*', '!go.mod', '!*.go', '!web', 'web/*.map', '**/secret', '!a?c', '# comment', 'web/[x-z]*', '!web/x.keep'];
    const paths = [
      '.env',
      'abc',
      'web/app.js',
      'web/app.map',
      'web/deep/app.map',
      'web/secret',
      'web/x.js',
      'web/x.keep',
      'web/deep/x.js',
      'other/abc',
      'notes.md',
    ];
    mkdirSync(join(source.context, 'web/deep'), { recursive: true });
    mkdirSync(join(source.context, 'other'));
    for (const path of paths) writeFileSync(join(source.context, path), path);
    writeFileSync(join(source.context, '.dockerignore'), patterns.join('\n'));
    const file = join(source.context, 'Dockerfile');
    writeFileSync(file, readFileSync(file, 'utf8').replace('RUN ls -A > /listing', 'RUN ls -AR1 > /listing'));
    await daemon.docker('build', '--tag', 'context', source.context);
    const listing = await daemon.docker('run', '--rm', '--network=none', '--entrypoint=/hello', 'context');
    expect(listing).toBe('hello from dev');
    const isIgnored = createIgnore(patterns);
    expect(await filesIn('context')).toEqual(['go.mod', 'main.go', ...paths].filter((path) => !isIgnored(path)).sort());
  });

  /** The files that `COPY . .` found, from the listing that the fixture's Dockerfile makes. */
  async function filesIn(image: string): Promise<string[]> {
    const container = await daemon.docker('create', image);
    const folder = mkdtempSync(join(tmpdir(), 'listing-'));
    await daemon.docker('cp', `${container}:/listing`, folder);
    await daemon.docker('rm', container);
    const sections = readFileSync(join(folder, 'listing'), 'utf8')
      .trim()
      .split('\n\n')
      .map((section) => section.split('\n'));
    rmSync(folder, { recursive: true });
    const folders = new Set(sections.map(([head = '']) => head.slice(2, -1)));
    const files = sections.flatMap(([head = '', ...names]) => names.map((entry) => `${head.slice(2, -1)}/${entry}`.replace(/^\//, '')));
    return files.filter((file) => !folders.has(file)).sort();
  }
});

describe('how Docker builds', () => {
  const surroundings = (say: (line: string) => void = () => {}) => ({ env: daemon.env, cacheDirectory, say });

  it('is BuildKit in the client, where the client has it built in', async () => {
    expect(await findDocker(surroundings())).toEqual({ platform: own, engine: 'buildkit' });
  });

  it('is the buildx plugin where it is installed', async () => {
    using _ = await addBuildx(daemon);
    expect(await findDocker(surroundings())).toEqual({ platform: own, engine: 'buildx' });
    const { digest, inputs } = await build({ platforms: ['linux/amd64', 'linux/arm64'] });
    for (const platform of [own, foreign]) {
      using root = await unpackImage(`${name}@${digest}`, platform);
      expect(platformOf(join(root.folder, 'hello'))).toBe(platform);
      if (platform === own) expect(await runImage(root)).toBe(`hello from ${inputs}\n`);
    }
  });

  it('is the daemon without BuildKit elsewhere: its own platform only, and it says so', async () => {
    const lines: string[] = [];
    const client = new Registry({ crane: await tool('crane') });
    const builder = createDockerBuilder(
      { platform: own, engine: 'legacy' },
      client,
      surroundings((line) => lines.push(line)),
    );
    const wanted = imageRequest(source.context, name, { platforms: ['linux/amd64', 'linux/arm64'] });
    expect((await builder.inputs(wanted)).filter((line) => line.startsWith('platform'))).toEqual([`platform ${own}`]);
    const scratch = mkdtempSync(join(cacheDirectory, 'scratch-'));
    const { layout } = await builder.build({ request: wanted, source: source.context, inputs: 'sha256:0f', scratch });
    await client.push(layout, `${name}:legacy`);
    using root = await unpackImage(`${name}:legacy`, own);
    expect(await runImage(root)).toBe('hello from sha256:0f\n');
    expect(lines[0]).toBe(`Docker without BuildKit builds for its own platform only: ${own} instead of linux/amd64, linux/arm64`);
    await expect(builder.inputs({ ...wanted, platforms: [foreign] })).rejects.toThrow(
      `error[E_BUILD] hello-go: ${foreign} - Docker without BuildKit builds for its own platform only: ${own} - install the buildx plugin of Docker`,
    );
  });
});

describe('a build that fails', () => {
  it('says what Docker says', async () => {
    writeFileSync(join(source.context, 'main.go'), 'package main\n\nfunc main() { nowhere() }\n');
    await expect(build()).rejects.toThrow(
      /^error\[E_BUILD\] hello-go: - docker failed: .*\.\/main\.go:3:15: undefined: nowhere ERROR: .* - mend what it names$/,
    );
  });

  it('starts from an image that is nowhere', async () => {
    writeFileSync(join(source.context, 'Dockerfile'), `FROM ${registry.address}/none:1\n`);
    await expect(build()).rejects.toThrow(
      `error[E_BUILD] hello-go: Dockerfile: ${registry.address}/none:1 - what the Dockerfile starts from must be in its registry - mend its FROM`,
    );
  });
});
