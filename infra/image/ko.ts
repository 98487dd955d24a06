import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { toolTable } from '../local/tool-table.ts';
import { tool } from '../local/tools.ts';
import { writeEmptyBase } from './base.ts';
import { buildCommand } from './build-command.ts';
import type { Artifact, BuildJob, ImageBuilder, Surroundings } from './image.ts';
import { recipe } from './inputs.ts';
import { koProgress } from './ko-progress.ts';
import type { Descriptor } from './oci-layout.ts';
import type { Sbom } from './sbom.ts';

/** Never resolved: ko finds the base by its digest in its cache. With a fixed name the image is the same whatever the registry's address. */
const baseName = 'base.fullcycle.invalid/empty';

/** Whatever the user's shell says: the binary depends on the source and the toolchain only. */
const goEnvironment = {
  CGO_ENABLED: '0',
  GOFLAGS: '-buildvcs=false',
  GOWORK: 'off',
  GOAMD64: 'v1',
  GOARM64: 'v8.0',
  GOOS: undefined,
  GOARCH: undefined,
};

const missing = 'install Go from go.dev/dl and put it on PATH, or set image.builder to docker';

/** Go services: ko compiles on this machine and puts the static binary on an empty base. The folder of the service is its package main. */
export function createKoBuilder(surroundings: Surroundings): ImageBuilder {
  const { env, signal } = surroundings;
  return {
    kind: 'ko',
    ignored: ['**/*_test.go', '.git', '.dockerignore', 'Dockerfile'],
    async inputs({ service, context, platforms }) {
      const options = { cwd: context, env: { ...env, ...goEnvironment }, signal, field: service.name, missing };
      const { stdout } = await buildCommand(['go', 'env', 'GOVERSION', 'GOEXPERIMENT', 'GOFIPS140'], options);
      return [
        ...recipe(new URL(import.meta.url), new URL('base.ts', import.meta.url), new URL('oci-layout.ts', import.meta.url)),
        ...platforms.map((platform) => `platform ${platform}`),
        `go ${JSON.stringify(stdout.trim())}`,
        `ko ${toolTable.ko.version}`,
      ];
    },
    build: (job) => build(job, surroundings),
  };
}

async function build({ request, source, inputs, scratch }: BuildJob, { env, say, signal }: Surroundings): Promise<Artifact> {
  const ko = await tool('ko', { env, onProgress: say });
  const [cache, layout, sbomDir] = [join(scratch, 'ko'), join(scratch, 'image'), join(scratch, 'sbom')];
  const base = writeEmptyBase(join(cache, 'img'));
  mkdirSync(sbomDir);
  const settings = { defaultBaseImage: `${baseName}@${base.digest}`, defaultLdflags: ['-s', '-w', `-X main.build=${inputs}`] };
  writeFileSync(join(scratch, '.ko.yaml'), JSON.stringify(settings));
  await buildCommand(
    [
      ko,
      'build',
      '--bare',
      '--push=false',
      // ko takes this path for a repository's name: an absolute one with capitals in it would not be valid.
      `--oci-layout-path=${relative(source, layout)}`,
      '--sbom=spdx',
      `--sbom-dir=${sbomDir}`,
      `--platform=${request.platforms.join(',')}`,
      '.',
    ],
    {
      cwd: source,
      env: { ...env, ...goEnvironment, ...koEnvironment, KOCACHE: cache, KO_CONFIG_PATH: join(scratch, '.ko.yaml') },
      signal,
      onLine: (line) => {
        const progress = koProgress(line);
        if (progress !== undefined) say(progress);
      },
      field: request.service.name,
      missing,
    },
  );
  const image = readTop(layout);
  return { layout, image, sboms: readSboms(sbomDir, image.digest) };
}

const koEnvironment = {
  KO_DOCKER_REPO: baseName,
  KO_DEFAULTBASEIMAGE: undefined,
  KO_DEFAULTPLATFORMS: undefined,
  // ko writes the epoch in the local time zone.
  TZ: 'UTC',
  SOURCE_DATE_EPOCH: '0',
  KO_DATA_DATE_EPOCH: '0',
};

function readTop(layout: string): Descriptor {
  const { manifests } = JSON.parse(readFileSync(join(layout, 'index.json'), 'utf8')) as { manifests: [Descriptor] };
  return manifests[0];
}

/** ko writes one document a platform and one for the index, and names each after its image. */
function readSboms(folder: string, image: string): [Sbom, ...Sbom[]] {
  const sboms = readdirSync(folder)
    .sort()
    .map((file) => readSbom(join(folder, file)));
  const isOwn = ({ subject }: Sbom) => subject === image;
  return [...sboms.filter(isOwn), ...sboms.filter((sbom) => !isOwn(sbom))] as [Sbom, ...Sbom[]];
}

function readSbom(file: string): Sbom {
  const text = readFileSync(file, 'utf8');
  const { name } = JSON.parse(text) as { name: string };
  return { subject: name.replace(/^sbom-/, ''), text };
}
