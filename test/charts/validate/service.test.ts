import { expect, it } from 'vitest';
import { catalog } from '../../../charts/catalog.ts';
import type { Service } from '../../../charts/environment.ts';
import { goserver } from '../../../charts/services/goserver.ts';
import { checkCatalog, checkService } from '../../../charts/validate/service.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';

it('the catalog has no problems', () => {
  expect(checkCatalog(catalog)).toEqual([]);
});

const { probes } = goserver;
const cases: [what: string, service: Partial<Service>, messages: string[]][] = [
  [
    'a name of the platform',
    { name: 'namespace' },
    [
      'error[E_NAME] catalog.namespace.name: namespace - not one of namespace, root: they have a meaning in every environment - rename the service',
    ],
  ],
  [
    'a name that no Service can have',
    { name: '1st' },
    [
      'error[E_NAME] catalog.1st.name: 1st - a DNS-1035 label: 1 to 63 of a-z, 0-9 and "-", starting with a letter and ending with a letter or digit - rename it, for example to st',
    ],
  ],
  [
    'a source outside',
    { source: '../goserver' },
    [
      'error[E_PATH] catalog.goserver.source: ../goserver - a relative, normalised path of A-Z, a-z, 0-9, ".", "_" and "-", at most 512 characters, without ".." or ".git" parts - write it from the root of the repository, like app/goserver',
    ],
  ],
  [
    'a privileged port',
    { port: 80 },
    [
      'error[E_PORT] catalog.goserver.port: 80 - a whole number from 1024 to 65535: the container is not root and cannot bind a lower port - let the server listen on a higher port; servicePort may stay low',
    ],
  ],
  [
    'no port at all',
    { servicePort: 0 },
    ['error[E_PORT] catalog.goserver.servicePort: 0 - a whole number from 1 to 65535 - choose a port in this range'],
  ],
  [
    'readiness that asks what liveness asks',
    { probes: { ...probes, readiness: { ...probes.readiness, path: '/healthz' } } },
    [
      'error[E_PORT] catalog.goserver.probes.readiness.path: /healthz - differs from the liveness path: a pod that only lacks a dependency must not be restarted - serve readiness on a path of its own',
    ],
  ],
  [
    'a timeout over its period',
    { probes: { ...probes, startup: { ...probes.startup, timeoutSeconds: 2 } } },
    [
      'error[E_PORT] catalog.goserver.probes.startup.timeoutSeconds: 2 - at most periodSeconds, which is 1 - lower the timeout or raise the period',
    ],
  ],
  [
    'no time to drain',
    { terminationGracePeriodSeconds: 5 },
    ['error[E_PORT] catalog.goserver.terminationGracePeriodSeconds: 5 - a whole number from 10 to 3600 - choose a value in this range'],
  ],
  [
    'three things wrong at once',
    { port: 0.5, servicePort: 70000, terminationGracePeriodSeconds: Number.NaN },
    [
      'error[E_PORT] catalog.goserver.port: 0.5 - a whole number from 1024 to 65535: the container is not root and cannot bind a lower port - let the server listen on a higher port; servicePort may stay low',
      'error[E_PORT] catalog.goserver.servicePort: 70000 - a whole number from 1 to 65535 - choose a port in this range',
      'error[E_PORT] catalog.goserver.terminationGracePeriodSeconds: null - a whole number from 10 to 3600 - choose a value in this range',
    ],
  ],
];

it.each(cases)('a service with %s is refused', (_, overrides, messages) => {
  expect(checkService({ ...goserver, ...overrides }).map(formatProblem)).toEqual(messages);
});

it('a name is used once in the catalog', () => {
  expect(checkCatalog([goserver, { ...goserver }]).map(formatProblem)).toEqual([
    'error[E_NAME] catalog.goserver.name: goserver - used once in the catalog - rename one of them',
  ]);
});
