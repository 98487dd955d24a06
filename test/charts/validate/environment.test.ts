import { expect, it } from 'vitest';
import { catalog } from '../../../charts/catalog.ts';
import type { Environment, Release, ServiceSettings } from '../../../charts/environment.ts';
import { checkEnvironment, checkEnvironmentNames } from '../../../charts/validate/environment.ts';
import { checkRelease } from '../../../charts/validate/release.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { environment, everything, release, settings } from '../../fixtures/environments.ts';

function withService(overrides: Partial<ServiceSettings>, base: Partial<Environment> = {}): Environment {
  return environment('dev', { services: { goserver: settings(overrides) }, ...base });
}

const ingress = { host: 'a.example.com', path: '/', className: 'nginx', annotations: {}, controllerNamespace: 'ingress-nginx' };

const cases: [what: string, environment: Environment, messages: string[]][] = [
  [
    'a reserved namespace',
    environment('dev', { namespace: 'kube-system' }),
    [
      'error[E_NAMESPACE] namespace: kube-system - reserved: default, kube-* and the namespace of Argo CD belong to the platform - give the environment a namespace of its own',
    ],
  ],
  [
    'the namespace of its Argo CD',
    environment('dev', { namespace: 'gitops', argocd: { namespace: 'gitops', server: 'https://a' } }),
    [
      'error[E_NAMESPACE] namespace: gitops - reserved: default, kube-* and the namespace of Argo CD belong to the platform - give the environment a namespace of its own',
    ],
  ],
  [
    'an unknown service',
    environment('dev', { services: { gosrver: settings() } }),
    [
      'error[E_KEY] services.gosrver: - a service of the catalog: goserver, nodeserver - correct the name, or add the service to charts/catalog.ts',
    ],
  ],
  [
    'too long names together',
    environment('d'.repeat(60)),
    ['goserver', 'nodeserver'].map(
      (name) =>
        `error[E_LABEL] services.${name}: ${'d'.repeat(60)}-${name} - environment and service together at most 63 characters - shorten one of the names`,
    ),
  ],
  [
    'replicas out of range',
    withService({ replicas: 11 }),
    ["error[E_REPLICAS] services.goserver.replicas: 11 - a whole number from 1 to 10 - stay within the environment's range, or widen it"],
  ],
  [
    'an inverted range',
    environment('dev', { replicas: { min: 3, max: 2 }, services: {} }),
    ['error[E_REPLICAS] replicas.min: 3 - at most max, which is 2 - lower min or raise max'],
  ],
  [
    'an inverted autoscaler',
    withService({ autoscaling: { min: 4, max: 2, cpuPercent: 75 } }),
    ['error[E_REPLICAS] services.goserver.autoscaling.min: 4 - at most max, which is 2 - lower min or raise max'],
  ],
  [
    'an impossible utilisation',
    withService({ autoscaling: { min: 1, max: 2, cpuPercent: 0 } }),
    [
      "error[E_REPLICAS] services.goserver.autoscaling.cpuPercent: 0 - a whole number from 1 to 100 - stay within the environment's range, or widen it",
    ],
  ],
  [
    'a request over its limit',
    withService({ resources: { ...settings().resources, cpu: { request: '2', limit: '500m' } } }),
    [
      'error[E_QUANTITY] services.goserver.resources.cpu.request: 2 - at most the limit, which is 500m - lower the request or raise the limit',
    ],
  ],
  [
    'a variable of ours',
    withService({ env: { APP_COMMIT: 'x' } }),
    ['error[E_ENVVAR] services.goserver.env.APP_COMMIT: - APP_COMMIT is set by the render - remove it'],
  ],
  [
    'a host with a scheme',
    withService({ ingress: { ...ingress, host: 'https://a' } }),
    [
      'error[E_NAME] services.goserver.ingress.host: https://a - a DNS name: labels of a-z, 0-9 and "-" joined by ".", at most 253 characters, "*" only as the first label - write the host alone, without scheme, port or path',
    ],
  ],
  [
    'one route twice',
    environment('dev', { services: { goserver: settings({ ingress }), nodeserver: settings({ ingress }) } }),
    ['error[E_PATH] services.nodeserver.ingress: a.example.com/ - not a route of goserver already - change host or path'],
  ],
  [
    'a quota that a rollout would hit',
    withService({ replicas: 3 }, { quota: { cpu: '999m', memory: '511Mi', pods: 3 } }),
    [
      'error[E_QUANTITY] quota.pods: 3 - at least 4: what the services may use during a rollout - raise the quota, or lower replicas or limits',
      'error[E_QUANTITY] quota.cpu: 999m - at least 1000m: what the services may use during a rollout - raise the quota, or lower replicas or limits',
      'error[E_QUANTITY] quota.memory: 511Mi - at least 512Mi: what the services may use during a rollout - raise the quota, or lower replicas or limits',
    ],
  ],
];

it.each(cases)('an environment with %s is refused', (_, target, messages) => {
  expect(checkEnvironment(target, catalog).map(formatProblem)).toEqual(messages);
});

it('all problems are told at once', () => {
  const { code: _, ...rest } = { code: 1, ...settings() };
  const target = environment('Dev', {
    namespace: 'default',
    quota: { cpu: 'x', memory: '128m', pods: 0 },
    services: { goserver: { ...rest, replicas: -1, env: { 'a b': '1' } } },
  });
  expect(checkEnvironment(target, catalog).map(({ code, field }) => `${code} ${field}`)).toEqual([
    'E_NAME name',
    'E_NAMESPACE namespace',
    'E_QUANTITY quota.cpu',
    'E_QUANTITY quota.memory',
    'E_REPLICAS quota.pods',
    'E_REPLICAS services.goserver.replicas',
    'E_ENVVAR services.goserver.env.a b',
  ]);
});

it('an environment that uses everything has no problems', () => {
  expect(checkEnvironment(everything, catalog)).toEqual([]);
});

it("no environment's name is another's plus a dash", () => {
  expect(checkEnvironmentNames(['dev', 'develop', 'prod', 'eu-prod'])).toEqual([]);
  expect(checkEnvironmentNames(['prod', 'prod-eu']).map(formatProblem)).toEqual([
    'error[E_NAME] name: prod-eu - not the name of another environment, prod, plus "-" - rename one of them',
  ]);
});

it.each([
  [
    'no image',
    undefined,
    ['error[E_IMAGE] images.goserver: - every service of the environment has an image - build it, or promote a release that has it'],
  ],
  [
    'a short digest',
    { digest: 'sha256:12' },
    ['error[E_IMAGE] images.goserver.digest: sha256:12 - a digest: sha256:<64 lower-case hex> - copy the digest that the registry reports'],
  ],
  [
    'a tag that moves',
    { tag: 'latest' },
    [
      'error[E_IMAGE] images.goserver.tag: latest - a tag: 1 to 128 of A-Z, a-z, 0-9, "_", "." and "-", not starting with "." or "-", never latest - tag the image with the source commit',
    ],
  ],
  [
    'a name with a scheme',
    { name: 'https://a/b' },
    [
      'error[E_IMAGE] images.goserver.name: https://a/b - an image name: [host[:port]/]path in lower case, at most 255 characters, without scheme, credentials, tag or digest - write it like registry.example.com/team',
    ],
  ],
] as const)('a release with %s is refused', (_, overrides, messages) => {
  const { goserver, ...images } = release.images;
  const broken: Release = {
    ...release,
    images: overrides ? { ...images, goserver: { ...(goserver as object), ...overrides } as Release['images'][string] } : images,
  };
  expect(checkRelease(broken, environment('dev'), catalog).map(formatProblem)).toEqual(messages);
  expect(checkRelease(broken, environment('dev', { services: { nodeserver: settings() } }), catalog)).toEqual([]);
});
