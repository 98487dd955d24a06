import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../charts/catalog.ts';
import type { Environment, KubernetesObject, ManifestFile } from '../../charts/environment.ts';
import { keyOf, parse } from '../../charts/manifest.ts';
import { check } from '../../charts/policy/check.ts';
import { render } from '../../charts/render.ts';
import { checkEnvironment } from '../../charts/validate/environment.ts';
import { environment, everything, release, settings, withLayout } from '../fixtures/environments.ts';

const variants: [string, Environment][] = [
  ['the least', environment('dev')],
  ['everything', everything],
  ['the least with kustomize', withLayout(environment('dev'), 'kustomize')],
  ['everything with kustomize', withLayout(everything, 'kustomize')],
  ['one service only', environment('dev', { services: { nodeserver: settings() } })],
  ['no service', environment('dev', { services: {} })],
  [
    'another namespace, Argo CD and cluster',
    environment('dev', { namespace: 'team-dev', argocd: { namespace: 'gitops-system', server: 'https://10.0.0.1:6443' } }),
  ],
];

function objectAt(files: readonly ManifestFile[], path: string): KubernetesObject {
  const file = files.find((candidate) => candidate.path === path);
  if (!file) throw new Error(`${path} is not among ${files.map((each) => each.path).join(', ')}`);
  return file.object;
}

describe.each(variants)('an environment with %s', (_, target) => {
  const files = render(target, release, catalog);

  it('has no problems and breaks no rule', () => {
    expect(checkEnvironment(target, catalog)).toEqual([]);
    expect(check(files, target)).toEqual([]);
  });

  it('is sorted by path, each path and each object once', () => {
    const paths = files.map(({ path }) => path);
    expect(paths).toEqual([...new Set(paths)].sort());
    expect(new Set(files.map(({ object, path }) => (object.kind === 'Kustomization' ? path : keyOf(object)))).size).toBe(files.length);
  });

  it('keeps to its own folders', () => {
    const own = new RegExp(
      `^(environments/${target.name}/[a-z]+/[a-z]+(-[a-z-]+)?\\.yaml|argocd/(projects/${target.name}(-namespace)?|applications/${target.name}-[a-z]+)\\.yaml)$`,
    );
    for (const { path } of files) expect(path).toMatch(own);
  });

  it('prints one document a file with header, sorted keys and final newline', () => {
    for (const { path, text, object } of files) {
      expect(text).toMatch(/^# Do not edit: rendered from charts\/[a-z/-]+\.ts, the next delivery overwrites it\.\n/);
      expect(text.endsWith('\n') && !text.endsWith('\n\n')).toBe(true);
      expect(parse(path, text)).toEqual({ file: { path, text, object } });
    }
  });

  it('has no undefined field, so that objects and files say the same', () => {
    for (const { object } of files) expect(object).toStrictEqual(JSON.parse(JSON.stringify(object)));
  });

  it('is the same bytes whatever the order of catalog and settings', () => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...catalog], { minLength: catalog.length }),
        fc.infiniteStream(fc.boolean()),
        (shuffledCatalog, coins) => {
          expect(render(shuffleKeys(target, coins), shuffleKeys(release, coins), shuffledCatalog).map(({ text }) => text)).toEqual(
            files.map(({ text }) => text),
          );
        },
      ),
      { numRuns: 20 },
    );
  });

  it('does not change its arguments', () => {
    const frozen = deepFreeze(structuredClone({ target, release, catalog }));
    expect(render(frozen.target, frozen.release, frozen.catalog)).toEqual(files);
  });
});

/** Equal values, keys reversed by the flip of a coin. */
function shuffleKeys<T>(value: T, coins: Iterator<boolean>): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const entries = Object.entries(value).map(([key, field]) => [key, shuffleKeys(field, coins)] as const);
  return Object.fromEntries(coins.next().value ? entries.reverse() : entries) as T;
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null) Object.values(Object.freeze(value)).forEach(deepFreeze);
  return value;
}

it.each([
  [
    'rendered',
    'registry.example.com/team/goserver:1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d@sha256:1111111111111111111111111111111111111111111111111111111111111111',
  ],
  ['kustomize', 'goserver'],
] as const)('in layout %s the image is %s', (layout, image) => {
  const files = render(withLayout(environment('dev'), layout), release, catalog);
  const deployment = objectAt(files, 'environments/dev/goserver/deployment-goserver.yaml');
  expect(deployment).toMatchObject({ spec: { template: { spec: { containers: [{ name: 'goserver', image }] } } } });
});

it('a release changes the Deployment alone, and with kustomize the kustomization alone', () => {
  const next = structuredClone(release) as { images: Record<string, { tag: string; digest: string }> };
  Object.assign(next.images.goserver as object, { tag: `${'f'.repeat(40)}-dirty-0a1b`, digest: `sha256:${'9'.repeat(64)}` });
  const changed = (target: Environment) => {
    const before = new Map(render(target, release, catalog).map(({ path, text }) => [path, text]));
    return render(target, { ...release, ...next } as typeof release, catalog).filter(({ path, text }) => before.get(path) !== text);
  };
  expect(changed(environment('dev')).map(({ path }) => path)).toEqual(['environments/dev/goserver/deployment-goserver.yaml']);
  const [kustomization, ...more] = changed(withLayout(environment('dev'), 'kustomize'));
  expect(more).toEqual([]);
  expect(kustomization?.path).toBe('environments/dev/goserver/kustomization.yaml');
});

it('the pod is told the commit of its image, without the mark of a dirty tree', () => {
  const commit = 'f'.repeat(40);
  const image = { ...release.images.goserver, tag: `${commit}-dirty-0a1b` } as (typeof release.images)[string];
  const files = render(environment('dev'), { ...release, images: { ...release.images, goserver: image } }, catalog);
  const deployment = objectAt(files, 'environments/dev/goserver/deployment-goserver.yaml');
  expect(deployment).toMatchObject({ spec: { template: { spec: { containers: [{ env: [{ name: 'APP_COMMIT', value: commit }] }] } } } });
});

it('a changed setting rolls the pods, in whatever order settings are written', () => {
  const checksum = (env: Record<string, string>) => {
    const target = environment('dev', { services: { goserver: settings({ env }) } });
    const deployment = objectAt(render(target, release, catalog), 'environments/dev/goserver/deployment-goserver.yaml') as unknown as {
      spec: { template: { metadata: { annotations?: Record<string, string> } } };
    };
    return deployment.spec.template.metadata.annotations?.['checksum/config'];
  };
  expect(checksum({})).toBeUndefined();
  expect(checksum({ A: '1', B: '2' })).toMatch(/^[0-9a-f]{64}$/);
  expect(checksum({ A: '1', B: '2' })).toBe(checksum({ B: '2', A: '1' }));
  expect(checksum({ A: '1', B: '2' })).not.toBe(checksum({ A: '1', B: '3' }));
  expect(checksum({ A: '1', B: '' })).not.toBe(checksum({ A: '1' }));
});

it('a release without an image of a service cannot be rendered', () => {
  expect(() => render(environment('dev'), { ...release, images: {} }, catalog)).toThrow('the release has no image of goserver');
});

it('names that every object has are no services', () => {
  const odd = [
    { ...catalog[0], name: 'constructor' },
    { ...catalog[0], name: 'tostring' },
  ] as typeof catalog;
  expect(render(environment('dev', { services: {} }), release, odd).filter(({ path }) => path.startsWith('environments/dev/c'))).toEqual(
    [],
  );
});

it('costs in proportion to the number of services', () => {
  const cost = (count: number): number => {
    const services = Array.from({ length: count }, (_, index) => ({
      ...(catalog[0] as (typeof catalog)[number]),
      name: `service${index}`,
    }));
    const target = environment('dev', { services: Object.fromEntries(services.map(({ name }) => [name, settings()])) });
    const images = Object.fromEntries(services.map(({ name }) => [name, release.images.goserver as (typeof release.images)[string]]));
    const start = process.cpuUsage();
    const files = render(target, { ...release, images }, services);
    check(files, target);
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  cost(100);
  // four times the services: sixteen times the cost would be quadratic
  expect(cost(800) / cost(200)).toBeLessThan(9);
});
