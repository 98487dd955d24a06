import { randomBytes } from 'node:crypto';
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { run } from '../../infra/delivery/process.ts';
import { buildImage } from '../../infra/image/build.ts';
import type { ImageRequest } from '../../infra/image/image.ts';
import { createLayersBuilder } from '../../infra/image/layers.ts';
import { nodeVersion } from '../../infra/image/node-layers.ts';
import { tool } from '../../infra/local/tools.ts';
import manifest from '../../package.json' with { type: 'json' };
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
  source = copyFixture('hello-node');
  name = `${registry.address}/team/hello-${randomBytes(4).toString('hex')}`;
  return () => source[Symbol.dispose]();
});

const request = (settings: Partial<ImageRequest> = {}) => imageRequest(source.context, name, { builder: 'layers', ...settings });
const build = (settings: Partial<ImageRequest> = {}, env: NodeJS.ProcessEnv = process.env) =>
  buildImage(request(settings), { cacheDirectory, env });
const layersOf = async (tag: string): Promise<string[]> =>
  JSON.parse(await registry.crane('manifest', `${name}:${tag}`)).layers.map(({ digest }: { digest: string }) => digest);

describe('an image of a Node service', () => {
  it('runs the start script as nobody, with the inputs hash as its build id', async () => {
    const { inputs } = await build();
    using root = await unpackImage(`${name}:latest`, own);
    expect(root.config).toMatchObject({
      User: '65532:65532',
      Entrypoint: ['/usr/local/bin/node', 'server.ts'],
      ExposedPorts: { '8080/tcp': {} },
    });
    expect(await runImage(root)).toBe(`hello: ${inputs}\narch: ${process.arch}\nuid: 65532\ncwd: /app\n`);
  });

  it('holds Node as this project uses it, the source and what it depends on, and nothing else of npm', async () => {
    await build();
    using root = await unpackImage(`${name}:latest`, own);
    expect(await runImage(root, ['/usr/local/bin/node', '--version'])).toBe(`v${manifest.devDependencies.node}\n`);
    expect(nodeVersion).toBe(manifest.devDependencies.node);
    expect(readdirSync(join(root.folder, 'app')).sort()).toEqual(['node_modules', 'package-lock.json', 'package.json', 'server.ts']);
    expect(readdirSync(join(root.folder, 'app/node_modules')).sort()).toEqual(['.bin', 'yaml']);
    expect(readdirSync(join(root.folder, 'usr/local/bin'))).toEqual(['node']);
    expect(readdirSync(join(root.folder, 'var/lib/dpkg/status.d')).sort()).toEqual(['gcc-12-base', 'libc6', 'libgcc-s1', 'libstdc++6']);
    expect(existsSync(join(root.folder, 'bin/sh'))).toBe(false);
  });

  it('never holds secrets that lie beside the source', async () => {
    mkdirSync(join(source.context, 'nested'));
    for (const file of ['.env', '.env.production', '.npmrc', 'nested/.env'])
      writeFileSync(join(source.context, file), 'TOKEN=canary-7f3a\n');
    await build();
    using root = await unpackImage(`${name}:latest`, own);
    const files = readdirSync(join(root.folder, 'app'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    expect(files.length).toBeGreaterThan(3);
    expect(files.filter(({ parentPath, name }) => readFileSync(join(parentPath, name)).includes('canary-7f3a'))).toEqual([]);
  });

  it('belongs to root, dated 1970, readable by all and writable by nobody else', async () => {
    await build();
    const listing = await registry.listing(`${name}:latest`);
    expect(listing.length).toBeGreaterThan(100);
    expect(listing.filter((line) => !/^(?:[d-]rwxr-xr-x|-rw-r--r--|lrwxr-xr-x) 0\/0 +\d+ 1970-01-01 00:00 /.test(line))).toEqual([]);
  });

  it('has layers for both platforms, in one index', async () => {
    const { digest } = await build({ platforms: ['linux/amd64', 'linux/arm64'] });
    for (const platform of [own, foreign]) {
      using root = await unpackImage(`${name}@${digest}`, platform);
      expect(platformOf(join(root.folder, 'usr/local/bin/node'))).toBe(platform);
      const triplet = platform === 'linux/arm64' ? 'aarch64-linux-gnu' : 'x86_64-linux-gnu';
      expect(platformOf(join(root.folder, 'lib', triplet, 'libc.so.6'))).toBe(platform);
      expect(readdirSync(join(root.folder, 'usr/lib', triplet))).toContain('libstdc++.so.6');
    }
  });

  it('has an SPDX document of everything in it, without times and random names', async () => {
    const { digest, inputs } = await build();
    const document = JSON.parse(await registry.crane('export', `${name}:${digest.replace(':', '-')}.sbom`, '-'));
    expect(document).toMatchObject({
      spdxVersion: 'SPDX-2.3',
      name: `sbom-${digest}`,
      documentNamespace: `http://spdx.org/spdxdocs/fullcycle/${inputs.replace(':', '-')}`,
      creationInfo: { created: '1970-01-01T00:00:00Z', creators: ['Tool: fullcycle'] },
    });
    const names = document.packages.map((entry: { name: string }) => entry.name);
    expect(names).toEqual([
      'hello-node',
      'hello-node',
      'yaml',
      expect.anything(),
      expect.anything(),
      expect.anything(),
      expect.anything(),
      'node',
    ]);
    expect(names.slice(3, 7).sort()).toEqual(['gcc-12-base', 'libc6', 'libgcc-s1', 'libstdc++6']);
    const known = new Set(['SPDXRef-DOCUMENT', ...document.packages.map((entry: { SPDXID: string }) => entry.SPDXID)]);
    expect(known.size).toBe(document.packages.length + 1);
    for (const { spdxElementId, relatedSpdxElement } of document.relationships) {
      expect([known.has(spdxElementId), known.has(relatedSpdxElement)]).toEqual([true, true]);
    }
  });

  it('serves: nodeserver answers and reports its build', async () => {
    const { inputs } = await buildImage(imageRequest(appFolder('nodeserver'), name, { builder: 'layers' }), { cacheDirectory });
    using root = await unpackImage(`${name}:latest`, own);
    await using server = new RunningServer(root.command(), { ...root.env, HOST: '127.0.0.1', PORT: '0', APP_COMMIT: commit('a') });
    const url = await server.listening();
    expect((await ask(`${url}/`)).body).toBe('Hello World');
    expect(JSON.parse((await ask(`${url}/version`)).body)).toEqual({ service: 'nodeserver', commit: commit('a'), build: inputs });
  });
});

describe('a change', () => {
  it('of the source pushes one small layer', async () => {
    await build();
    const before = await layersOf('latest');
    writeFileSync(join(source.context, 'server.ts'), 'console.log("changed");\n');
    const uploaded = registry.writes.length;
    await build({ tag: commit('b') });
    const after = await layersOf(commit('b'));
    expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
    expect(after[3]).not.toBe(before[3]);
    const blobs = registry.writes.slice(uploaded).filter((write) => /^PUT .*\/blobs\/uploads\//.test(write));
    // The layer and the config of the image, and of its SBOM.
    expect(blobs).toHaveLength(4);
  });

  it('of the dependencies leaves Debian and Node as they are', async () => {
    await build();
    const before = await layersOf('latest');
    const file = join(source.context, 'package.json');
    writeFileSync(
      file,
      readFileSync(file, 'utf8')
        .replace('dependencies": {', 'dependencies": {\n    "commander": "15.1.0",')
        .replace(/,\s*"devDependencies": \{[^}]*\}/, ''),
    );
    const lock = join(source.context, 'package-lock.json');
    const parsed = JSON.parse(readFileSync(lock, 'utf8'));
    parsed.packages[''] = { ...parsed.packages[''], dependencies: { commander: '15.1.0', yaml: '2.9.1' }, devDependencies: undefined };
    delete parsed.packages['node_modules/commander'].dev;
    writeFileSync(lock, JSON.stringify(parsed));
    await build({ tag: commit('b') });
    const after = await layersOf(commit('b'));
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toBe(before[2]);
  });
});

describe('the same source', () => {
  it('gives one digest in another folder, at another time, under another umask and with every cache empty', async () => {
    const first = await build();
    const folder = mkdtempSync(join(tmpdir(), 'elsewhere with spaces '));
    const umask = process.umask(0o077);
    try {
      const context = join(folder, 'hello-node');
      cpSync(source.context, context, { recursive: true });
      for (const file of readdirSync(context)) {
        utimesSync(join(context, file), 1e9, 1e9);
        chmodSync(join(context, file), 0o600);
      }
      await using other = await startRegistry();
      const env = {
        ...process.env,
        TZ: 'Asia/Kathmandu',
        LC_ALL: 'tr_TR.UTF-8',
        GZIP: '-9',
        TAR_OPTIONS: '--mtime=now',
        npm_config_cache: join(folder, 'npm'),
      };
      const second = await buildImage(imageRequest(context, `${other.address}/elsewhere`, { builder: 'layers', tag: commit('b') }), {
        cacheDirectory: join(folder, 'cache'),
        env,
      });
      expect(second).toEqual({ ...first, name: `${other.address}/elsewhere`, tag: commit('b') });
    } finally {
      process.umask(umask);
      rmSync(folder, { recursive: true });
    }
  });

  it('is built again from what is kept, and from scratch where that was cut short', async () => {
    const first = await build();
    const kept = join(cacheDirectory, 'layers');
    for (const entry of readdirSync(kept)) {
      const file = join(kept, entry, 'layer.tar.gz');
      if (readFileSync(file).length < 2_000_000) writeFileSync(file, 'cut short');
    }
    name = `${name}-again`;
    expect(await build()).toEqual({ ...first, name });
  });
});

describe('what decides an image besides the source', () => {
  const inputs = (settings: Partial<ImageRequest> = {}) =>
    createLayersBuilder({ env: process.env, cacheDirectory, say: () => {} }).inputs(request(settings));

  it('is our own code, Debian and Node as pinned, the platforms and the port', async () => {
    expect(await inputs()).toEqual([...Array(8).fill(expect.stringMatching(/^recipe [0-9a-f]{64}$/)), `platform ${own}`, 'port 8080']);
  });

  it('changes with the platforms and the port', async () => {
    const before = await inputs();
    expect(await inputs({ platforms: [foreign] })).not.toEqual(before);
    expect(await inputs({ service: { ...request().service, port: 3000 } })).not.toEqual(before);
    expect(await inputs({ tag: commit('b'), pushTo: '127.0.0.1:1/x', name: 'registry.example.com/x', builder: 'auto' })).toEqual(before);
  });
});

describe('a Node service that can not be built', () => {
  it('has no lock file', async () => {
    rmSync(join(source.context, 'package-lock.json'));
    await expect(build()).rejects.toThrow(
      'error[E_BUILD] hello-node: package-lock.json - a Node service has a package.json and a package-lock.json - run npm install in its folder',
    );
  });

  const scripts: readonly [string, string][] = [
    ['is missing', '"begin": "node server.ts"'],
    ['needs a shell', '"start": "node server.ts && true"'],
    ['is another program', '"start": "tsx server.ts"'],
    ['names no file', '"start": "node"'],
    ['can not be read', '"start": }'],
  ];
  it.each(scripts)('has a start script that %s', async (_, script) => {
    const file = join(source.context, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"start": "node server.ts"', script));
    const value = /"start": "(.*)"/.exec(script)?.[1];
    await expect(build()).rejects.toThrow(
      `error[E_BUILD] hello-node: package.json: scripts.start:${value ? ` ${value}` : ''} - a plain call of node, without shell syntax - write it like "node server.ts"`,
    );
  });

  it('has a lock file that does not fit', async () => {
    const file = join(source.context, 'package.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace('"yaml": "2.9.1"', '"yaml": "2.9.0"'));
    await expect(build()).rejects.toThrow(
      /^error\[E_BUILD\] hello-node: - npm failed: .*Invalid: lock file's yaml@2\.9\.1 does not satisfy yaml@2\.9\.0 .* - mend what it names$/,
    );
  });

  it('is built where apt is not', async () => {
    const bin = mkdtempSync(join(tmpdir(), 'bin-'));
    symlinkSync(await tool('crane'), join(bin, 'crane'));
    for (const program of ['npm', 'node', 'tar', 'gzip', 'sh'])
      symlinkSync((await run(['which', program])).stdout.trim(), join(bin, program));
    const env = { HOME: process.env.HOME, PATH: bin };
    const options = { cacheDirectory: join(bin, 'cache'), env };
    await expect(buildImage(request(), options)).rejects.toThrow(
      'error[E_TOOL] apt-get: - needed to build debian packages - build on Debian or Ubuntu, or set image.builder to docker',
    );
    rmSync(bin, { recursive: true });
  });
});
