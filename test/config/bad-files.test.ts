import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { catalog } from '../../charts/catalog.ts';
import type { Service } from '../../charts/environment.ts';
import { checkEnvironmentName, listEnvironments, loadStack, parseStack } from '../../infra/config.ts';
import { formatProblem } from '../../infra/delivery/errors.ts';
import { environments, inProject, linesOf, projectText, refusal, stackText, values, withoutPlace, withValue } from './project.ts';

const right = stackText(values());

describe('E1: an environment that is not there', () => {
  const known = 'one of dev, prod, staging';
  const other = 'name one of them, or add a Pulumi.<env>.yaml';
  it.each([
    ['prdo', `prdo - ${known} - did you mean prod?`],
    ['Prod', `Prod - ${known} - did you mean prod?`],
    ['PROD', `PROD - ${known} - did you mean prod?`],
    ['prod ', `"prod " - ${known} - did you mean prod?`],
    ['prod\n', `"prod\\n" - ${known} - did you mean prod?`],
    ['\tprod', `"\\tprod" - ${known} - did you mean prod?`],
    ['prod\u200b', `"prod\\u200b" - ${known} - did you mean prod?`],
    ['prod\0', `"prod\\u0000" - ${known} - did you mean prod?`],
    ['stagnig', `stagnig - ${known} - did you mean staging?`],
    ['', `"" - ${known} - ${other}`],
    [' ', `" " - ${known} - ${other}`],
    ['qa', `qa - ${known} - ${other}`],
    ['__proto__', `__proto__ - ${known} - ${other}`],
    ['constructor', `constructor - ${known} - ${other}`],
    ['toString', `toString - ${known} - ${other}`],
    ['../dev', `../dev - ${known} - ${other}`],
    ['dev.yaml', `dev.yaml - ${known} - ${other}`],
    ['dev/../prod', `dev/../prod - ${known} - ${other}`],
    ['$(touch canary)', `$(touch canary) - ${known} - ${other}`],
    ['--help', `--help - ${known} - ${other}`],
    ['x'.repeat(10_000), `${'x'.repeat(117)}... - ${known} - ${other}`],
  ])('%j', async (name, says) => {
    expect(checkEnvironmentName(name, environments).map(formatProblem)).toEqual([`error[E_ENV] env: ${says}`]);
    await inProject(projectText, right, async (directory) => {
      expect(await linesOf(() => loadStack(directory, name))).toEqual([`error[E_ENV] env: ${says}`]);
    });
  });

  it('a folder that is no project is told with the way to name one', async () => {
    const says = 'the folder of the project, with Pulumi.yaml in it - name it with -C';
    expect(await linesOf(() => listEnvironments('/nowhere'))).toEqual([`error[E_PATH] directory: /nowhere - ${says}`]);
  });
});

describe('E6: ports, probes and folders of the catalog', () => {
  const port =
    'a whole number from 1024 to 65535: the container is not root and cannot bind a lower port - let the server listen on a higher port; servicePort may stay low';
  const servicePort = 'a whole number from 1 to 65535 - choose a port in this range';
  const path =
    'a relative, normalised path of A-Z, a-z, 0-9, ".", "_" and "-", at most 512 characters, without ".." or ".git" parts - write it from the root of the repository, like app/goserver';
  const [goserver] = catalog as [Service];
  const readiness = goserver.probes.readiness;
  it.each<[Partial<Record<keyof Service, unknown>>, string]>([
    ...[0, -1, 80, 1023, 65536, 8080.5, Number.NaN, null].map((value): [object, string] => [
      { port: value },
      `E_PORT] catalog.goserver.port: ${value} - ${port}`,
    ]),
    [{ port: '8080' }, `E_PORT] catalog.goserver.port: 8080 - ${port}`],
    ...[0, -1, 65536, 80.5].map((value): [object, string] => [
      { servicePort: value },
      `E_PORT] catalog.goserver.servicePort: ${value} - ${servicePort}`,
    ]),
    ...['../x', 'a/../../b', '/etc', '.', 'a\\b', '%2e%2e', '.git/hooks/x', 'a/.GIT', 'a b'].map((value): [object, string] => [
      { source: value },
      `E_PATH] catalog.goserver.source: ${value} - ${path}`,
    ]),
    [{ source: '' }, `E_PATH] catalog.goserver.source: "" - ${path}`],
    [{ source: 'x'.repeat(4096) }, `E_PATH] catalog.goserver.source: ${'x'.repeat(117)}... - ${path}`],
    [
      { probes: { ...goserver.probes, readiness: { ...readiness, timeoutSeconds: 9 } } },
      'E_PORT] catalog.goserver.probes.readiness.timeoutSeconds: 9 - at most periodSeconds, which is 5 - lower the timeout or raise the period',
    ],
    [
      { probes: { ...goserver.probes, readiness: { ...readiness, path: '/healthz' } } },
      'E_PORT] catalog.goserver.probes.readiness.path: /healthz - differs from the liveness path: a pod that only lacks a dependency must not be restarted - serve readiness on a path of its own',
    ],
  ])('%j', async (change, line) => {
    const changed = [{ ...goserver, ...change } as Service];
    expect(await linesOf(() => parseStack('dev', projectText, right, changed))).toEqual([`error[${line}`]);
  });

  it('a name twice', async () => {
    const line = 'error[E_NAME] catalog.goserver.name: goserver - used once in the catalog - rename one of them';
    expect(await linesOf(() => parseStack('dev', projectText, right, [goserver, goserver]))).toEqual([line]);
  });
});

describe('E12, E13, E14: a file that readers read differently, or choke on', () => {
  const alike = 'YAML 1.1 and 1.2 read this differently - quote it if it is a string';
  it.each<[string, string | Uint8Array, string]>([
    ['nothing', '', 'E_YAML] Pulumi.dev.yaml:1:1: - one document - write the value'],
    [
      'an alias bomb',
      `${right}a: &a [x]\nb: [*a, *a]\n`,
      'E_YAML] Pulumi.dev.yaml:28:4: &a - no anchors and no aliases - write the value out',
    ],
    ['a merge key', `${right}<<: {}\n`, 'E_YAML] Pulumi.dev.yaml:28:1: << - no merge keys - write the fields out'],
    [
      'a custom tag',
      'config: !env x\n',
      'E_YAML] Pulumi.dev.yaml:1:9: !env - no tags: the type follows from the field - remove it, and quote a string',
    ],
    ['a duplicate key', `${right}config: {}\n`, 'E_YAML] Pulumi.dev.yaml:28:1: config - keys are unique - remove one of the two'],
    [
      'two documents',
      `${right}---\n${right}`,
      'E_YAML] Pulumi.dev.yaml:28:1: - one document a file - move the second document to a file of its own',
    ],
    ['10,000 levels', `config: ${'['.repeat(10_000)}`, 'E_YAML] Pulumi.dev.yaml:1:72: - at most 64 levels deep - flatten it'],
    [
      '10 MiB',
      `#${'x'.repeat(10 * 1024 * 1024)}\n${right}`,
      'E_YAML] Pulumi.dev.yaml: 10486293 bytes - at most 1048576 bytes - split the file',
    ],
    ['a byte order mark', `\ufeff${right}`, 'E_ENCODING] Pulumi.dev.yaml:1:1: U+FEFF - no byte order mark - save it as UTF-8 without BOM'],
    ['UTF-16', Buffer.from(`\ufeff${right}`, 'utf16le'), 'E_ENCODING] Pulumi.dev.yaml: - valid UTF-8 - save it as UTF-8'],
    ['CRLF', right.replaceAll('\n', '\r\n'), 'E_ENCODING] Pulumi.dev.yaml:1:8: U+000D - lines end in LF - save the file with LF line ends'],
    [
      'a bidi override',
      right.replace('nginx', 'ng\u202ex'),
      'E_ENCODING] Pulumi.dev.yaml:17:22: U+202E - no control, invisible or bidi characters - remove it, or write it as an escape in double quotes',
    ],
    ...['no', 'on', '0777', '1_000', '12:30:45', '2024-01-01'].map((word): [string, string, string] => [
      `the bare word ${word}`,
      `config:\n  fullcycle:services:\n    goserver:\n      env:\n        WORD: ${word}\n`,
      `E_YAML] Pulumi.dev.yaml:5:15: ${word} - ${alike}`,
    ]),
  ])('%s', async (_what, text, line) => {
    expect(await refusal(text)).toEqual([`error[${line}`]);
  });

  it.each([
    ['1e3', '1000'],
    ['~', 'null'],
    ['1.5', '1.5'],
    ['true', 'true'],
  ])('%s is no string', async (word, shown) => {
    const text = `config:\n  fullcycle:services:\n    goserver:\n      env:\n        WORD: ${word}\n`;
    expect(await refusal(text)).toEqual([
      `error[E_ENVVAR] services.goserver.env.WORD: ${shown} - a string - quote it (Pulumi.dev.yaml:5:9)`,
    ]);
  });

  it.each([
    ['\\u202e', 'U+202E'],
    ['\\u200b', 'U+200B'],
    ['\\0', 'U+0000'],
    ['\\e', 'U+001B'],
  ])('the escape %s is no way around', async (escaped, shown) => {
    const text = `config:\n  fullcycle:services:\n    goserver:\n      env:\n        WORD: "${escaped}"\n`;
    const says = 'no control, invisible or bidi characters - remove it (Pulumi.dev.yaml:5:9)';
    expect(await refusal(text)).toEqual([`error[E_ENCODING] services.goserver.env.WORD: ${shown} - ${says}`]);
  });

  it('what is wrong with Pulumi.yaml is told too', async () => {
    expect(await refusal('config: &x {}\n', 'name: [\n')).toEqual([
      'error[E_YAML] Pulumi.yaml:2:1: - not YAML: flow sequence in block collection must be sufficiently indented and end with a ] - correct the syntax',
      'error[E_YAML] Pulumi.dev.yaml:1:9: &x - no anchors and no aliases - write the value out',
    ]);
  });
});

describe('E15: keys', () => {
  const top = 'use one of image, gitops, allowedHosts, namespace, cluster, argocd, replicas, quota, services, promotion, deletionBudget';
  it.each<[string, unknown, string]>([
    ['services.goserver.replcas', 1, 'services.goserver.replcas: - unknown - did you mean replicas?'],
    ['services.goserver.Replicas', 1, 'services.goserver.Replicas: - unknown - did you mean replicas?'],
    ['services.gosever', {}, 'services.gosever: - unknown - did you mean goserver?'],
    ['services.python', {}, 'services.python: - unknown - use one of goserver, nodeserver'],
    ['services.goserver.resources.disk', {}, 'services.goserver.resources.disk: - unknown - use one of cpu, memory, ephemeralStorage'],
    ['services.goserver.resources.cpu.limits', '1', 'services.goserver.resources.cpu.limits: - unknown - did you mean limit?'],
    ['services.goserver.ingress.hots', 'x', 'services.goserver.ingress.hots: - unknown - did you mean host?'],
    ['gitops.brnch', 'x', 'gitops.brnch: - unknown - did you mean branch?'],
    ['gitops.author.mail', 'x', 'gitops.author.mail: - unknown - did you mean email?'],
    ['imge', {}, 'imge: - unknown - did you mean image?'],
    ['argoCD', {}, 'argoCD: - unknown - did you mean argocd?'],
    ['password', 'hunter2', `password: - unknown - ${top}`],
    ['services.goserver.ingress.host', undefined, 'services.goserver.ingress.host: - missing - add it'],
    ['services.goserver.resources.memory.limit', undefined, 'services.goserver.resources.memory.limit: - missing - add it'],
    ['services', undefined, 'services: - missing - add it'],
  ])('%s', async (field, value, line) => {
    expect(withoutPlace(await refusal(withValue(field, value)))).toEqual([`error[E_KEY] ${line}`]);
  });

  it.each([
    [
      'config: {}\nconfg: {}\n',
      'error[E_KEY] confg: - unknown - did you mean config? (Pulumi.dev.yaml:2:1)',
      'error[E_KEY] services: - missing - add it (Pulumi.dev.yaml:1:1)',
    ],
    [
      'environment:\n  - base\n',
      'error[E_KEY] environment: - unknown - use one of config (Pulumi.dev.yaml:1:1)',
      'error[E_KEY] config: - missing - add it (Pulumi.dev.yaml)',
    ],
    ['- a\n', 'error[E_TYPE] the file: - a mapping - write it as key: value lines (Pulumi.dev.yaml)'],
    ['config: x\n', 'error[E_TYPE] config: - a mapping - write it as key: value lines (Pulumi.dev.yaml:1:1)'],
  ])('%j', async (text, ...lines) => {
    expect(await refusal(text)).toEqual(lines);
  });

  it.each(['__proto__', 'constructor', 'prototype'])('%s reaches no prototype', async (name) => {
    const text = `config:\n  fullcycle:services:\n    ${name}:\n      prototype: {polluted: true}\n`;
    const lines =
      name === 'prototype' ? [`Pulumi.dev.yaml:3:5: ${name}`, 'Pulumi.dev.yaml:4:7: prototype'] : [`Pulumi.dev.yaml:3:5: ${name}`];
    expect(await refusal(text)).toEqual(expect.arrayContaining(lines.map((line) => `error[E_KEY] ${line} - not a key - remove it`)));
    expect(({} as Record<string, unknown>).polluted).toBeUndefined();
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

const canary = 'c4n4ry-hunter2';

describe('E16, E18: secrets are refused where they do not belong, and never shown', () => {
  const plain = 'no secrets in Git, this looks like';
  const store = 'keep it in a secret store and refer to it';
  const passphrase = `v1:${Buffer.from(canary).toString('base64')}:${Buffer.from(canary).toString('base64')}`;
  const service = `AAAB${Buffer.from(canary.repeat(4)).toString('base64')}`;
  const unwrapped = 'plain text; ciphertext stands after secure: - write the value itself';
  it.each<[string, unknown, string]>([
    [
      'services.goserver.env.DB_PASSWORD',
      canary,
      `E_ENVVAR] services.goserver.env.DB_PASSWORD: - ${plain} a secret by its name - ${store}`,
    ],
    ['services.goserver.env.API_TOKEN', canary, `E_ENVVAR] services.goserver.env.API_TOKEN: - ${plain} a secret by its name - ${store}`],
    [
      'services.goserver.env.DSN',
      `postgres://me:${canary}@db/x`,
      `E_ENVVAR] services.goserver.env.DSN: - ${plain} a password in a URL - ${store}`,
    ],
    ['services.goserver.env.X', `ghp_${'a1B2'.repeat(9)}`, `E_ENVVAR] services.goserver.env.X: - ${plain} a GitHub token - ${store}`],
    [
      'services.goserver.env.X',
      '-----BEGIN RSA PRIVATE KEY-----',
      `E_ENVVAR] services.goserver.env.X: - ${plain} a private key - ${store}`,
    ],
    [
      'webhookSecret',
      canary,
      'E_STACK_CONFIG] webhookSecret: - a secret, so it is encrypted - write it with pulumi config set --secret webhookSecret',
    ],
    [
      'webhookSecret',
      { secure: passphrase, extra: canary },
      'E_STACK_CONFIG] webhookSecret: - a secret, so it is encrypted - write it with pulumi config set --secret webhookSecret',
    ],
    [
      'namespace',
      { secure: passphrase },
      'E_STACK_CONFIG] namespace: - not declared as a secret, so not encrypted - write it as plain text',
    ],
    [
      'gitops.branch',
      { secure: passphrase },
      'E_STACK_CONFIG] gitops.branch: - not declared as a secret, so not encrypted - write it as plain text',
    ],
    ['unknown', { secure: passphrase }, 'E_STACK_CONFIG] unknown: - not declared as a secret, so not encrypted - write it as plain text'],
    ['namespace', passphrase, `E_STACK_CONFIG] namespace: - ${unwrapped}`],
    ['gitops.branch', service, `E_STACK_CONFIG] gitops.branch: - ${unwrapped}`],
    ['services.goserver.env.X', passphrase, `E_STACK_CONFIG] services.goserver.env.X: - ${unwrapped}`],
    ['image.platforms', [passphrase], `E_STACK_CONFIG] image.platforms.0: - ${unwrapped}`],
    [
      'cluster.server',
      `https://me:${canary}@h`,
      'E_URL] cluster.server: - the https address of an API server: host and port alone, without credentials, path or query - write it like https://kubernetes.default.svc',
    ],
    [
      'gitops.repository',
      `https://me:${canary}@h/r.git`,
      'E_URL] gitops.repository: https://***@h/r.git - a URL holds no password - remove it and set up a credential helper or an ssh key',
    ],
  ])('%s', async (field, value, line) => {
    const lines = await refusal(withValue(field, value));
    expect(withoutPlace(lines)).toEqual([`error[${line}`]);
    for (const secret of [canary, passphrase, service]) expect(lines.join()).not.toContain(secret);
  });

  it.each([
    ['aws:region', 'aws:region: - keys begin with fullcycle: - remove it, or is this the file of another project? (Pulumi.dev.yaml:28:3)'],
    [
      'other:services',
      'other:services: - keys begin with fullcycle: - remove it, or is this the file of another project? (Pulumi.dev.yaml:28:3)',
    ],
    ['services', 'services: - keys begin with fullcycle: - remove it, or is this the file of another project? (Pulumi.dev.yaml:28:3)'],
  ])('%s is of another project', async (key, line) => {
    expect(await refusal(`${right}  ${key}: ${canary}\n`)).toEqual([`error[E_STACK_CONFIG] ${line}`]);
  });

  it('a project of another name is another project', async () => {
    expect(await refusal(right, 'name: other\n')).toEqual([
      'error[E_STACK_CONFIG] name: other - the project is called fullcycle: its keys begin with this name - restore it (Pulumi.yaml:1:1)',
    ]);
  });
});

it('E17: registries and repositories are on allowed hosts, when some are named', async () => {
  const text = stackText({
    ...values(),
    'fullcycle:allowedHosts': ['git.example.com', 'registry.example.com'],
    'fullcycle:image': { repository: 'docker.io/team' },
    'fullcycle:gitops': { repository: 'git@git.example.org:team/gitops.git' },
  });
  const says = 'a host of allowedHosts: git.example.com, registry.example.com - correct the host, or allow it in Pulumi.yaml';
  expect(withoutPlace(await refusal(text))).toEqual([
    `error[E_URL] image.repository: docker.io - ${says}`,
    `error[E_URL] gitops.repository: git.example.org - ${says}`,
  ]);
});

describe('E19: five bad fields', () => {
  const bad = {
    'fullcycle:deletionBudget': -1,
    'fullcycle:gitops': { branch: 'a..b' },
    'fullcycle:imge': {},
    'fullcycle:services': { goserver: { replicas: 0, env: { A: 1 } }, gosever: {} },
    'fullcycle:replicas': { min: 1, max: 3 },
  };
  const lines = [
    'E_REF] gitops.branch: a..b - a branch name has no .. - use a plain name such as main (Pulumi.dev.yaml:4:5)',
    "E_REPLICAS] services.goserver.replicas: 0 - a whole number from 1 to 3 - stay within the environment's range, or widen it (Pulumi.dev.yaml:8:7)",
    'E_ENVVAR] services.goserver.env.A: 1 - a string - quote it (Pulumi.dev.yaml:10:9)',
    'E_KEY] services.gosever: - unknown - did you mean goserver? (Pulumi.dev.yaml:11:5)',
    'E_TYPE] deletionBudget: -1 - a whole number from 0 to 1000 - write a number in this range, without quotes (Pulumi.dev.yaml:2:3)',
    'E_KEY] imge: - unknown - did you mean image? (Pulumi.dev.yaml:5:3)',
  ];

  it('are all told, with their places', async () => {
    expect(await refusal(stackText(bad))).toEqual(lines.map((line) => `error[${line}`));
  });

  it('are told in the same order whatever their order in the file', async () => {
    const turned = Object.fromEntries(Object.entries(bad).reverse());
    expect(withoutPlace(await refusal(stackText(turned)))).toEqual(withoutPlace(lines.map((line) => `error[${line}`)));
  });
});

describe('whatever the files hold', () => {
  const names = [
    'services',
    'goserver',
    'replicas',
    'resources',
    'cpu',
    'env',
    'gitops',
    'image',
    'platforms',
    'cluster',
    'secure',
    'min',
    'quota',
    'promotion',
  ];
  const key = fc.oneof(fc.constantFrom(...names, ...names.map((name) => `fullcycle:${name}`)), fc.string());
  const anything = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 5 },
      fc.constantFrom(null, true, 1, -1, 'x', '1'),
      fc.string(),
      fc.double(),
      fc.dictionary(key, tie('value'), { maxKeys: 4 }),
      fc.array(tie('value'), { maxLength: 3 }),
    ),
  })).value;
  const config = fc
    .dictionary(key, anything)
    .map((value) => stringify({ config: value }, { compat: 'yaml-1.1', aliasDuplicateObjects: false }));

  it.each([
    ['values', config],
    ['text', fc.string({ unit: 'binary', maxLength: 300 })],
    ['bytes', fc.uint8Array({ maxLength: 300 })],
  ])('%s: it ends within a second, with a configuration or a Failure', async (_what, text: fc.Arbitrary<string | Uint8Array>) => {
    await fc.assert(
      fc.asyncProperty(text, async (stack) => {
        const started = cpuTime();
        await linesOf(() => parseStack('dev', projectText, stack, catalog));
        await linesOf(() => parseStack('dev', stack, right, catalog));
        expect(cpuTime() - started).toBeLessThan(1000);
      }),
      { numRuns: 300 },
    );
    expect(Object.keys(Object.prototype)).toEqual([]);
  });
});

/** Milliseconds of this process's own work: a busy machine is no slow parser. */
function cpuTime(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
