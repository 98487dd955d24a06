import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { z } from 'zod';
import { placeOf } from '../../infra/delivery/place.ts';
import type { SarifLog } from '../../infra/delivery/sarif.ts';
import { sarifSchema } from './sarif-schema.ts';

// compilers, real registries and repositories, on a machine that may be busy
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const launcher = fileURLToPath(new URL('../../infra/delivery/fullcycle.mjs', import.meta.url));
const deployment = 'environments/dev/goserver/deployment-goserver.yaml';

let schema: z.ZodType;
let tree: string;

function fullcycle(...args: string[]) {
  const { status, stdout } = spawnSync(process.execPath, [launcher, '--quiet', ...args], { encoding: 'utf8', timeout: 300_000 });
  return { status, stdout };
}

/** What is said as SARIF; it must be valid. */
function sarif(status: number, ...args: string[]) {
  const said = fullcycle(...args, '--format', 'sarif');
  expect(said.status).toBe(status);
  const log = JSON.parse(said.stdout) as SarifLog;
  expect(schema.safeParse(log).error?.issues).toBeUndefined();
  const [{ tool, results }] = log.runs;
  for (const { ruleId, ruleIndex } of results) expect(tool.driver.rules[ruleIndex]?.id).toBe(ruleId);
  expect(new Set(results.map(({ partialFingerprints }) => partialFingerprints['fullcycle/v1'])).size).toBe(results.length);
  return results.map(
    ({
      ruleId,
      level,
      message,
      locations: [
        {
          physicalLocation: { artifactLocation, region },
          logicalLocations,
        },
      ],
    }) => ({
      rule: ruleId,
      level,
      message: message.text,
      field: logicalLocations?.[0].fullyQualifiedName,
      at: `${artifactLocation.uri}:${region.startLine}:${region.startColumn}`,
    }),
  );
}

function edit(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(join(tree, path), 'utf8');
  expect(text.replace(from, to)).not.toBe(text);
  writeFileSync(join(tree, path), text.replace(from, to));
}

/** Where a line of a file of the tree begins to say something. */
function lineOf(path: string, words: string): string {
  const lines = readFileSync(join(tree, path), 'utf8').split('\n');
  const index = lines.findIndex((line) => line.includes(words));
  return `${path}:${index + 1}:${(lines[index] ?? '').search(/\S/) + 1}`;
}

beforeAll(async () => {
  schema = await sarifSchema();
});
beforeEach(() => {
  tree = join(mkdtempSync(join(tmpdir(), 'fullcycle-sarif-')), 'tree');
  expect(fullcycle('synth', '--out', tree).status).toBe(0);
});
afterEach(() => rmSync(join(tree, '..'), { recursive: true }));

it('the schema refuses what is no log', () => {
  expect(schema.safeParse({ version: '2.1.0', runs: [{ results: [] }] }).success).toBe(false);
  expect(schema.safeParse({ version: '2.2', runs: [] }).success).toBe(false);
});

describe('validate', () => {
  it('finds nothing in a good tree', () => {
    expect(sarif(0, 'validate', tree)).toEqual([]);
  });

  it('names rule, field and line of a broken policy and of a field that the API lacks', () => {
    edit(deployment, 'allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true');
    edit('environments/dev/nodeserver/service-nodeserver.yaml', 'ports:', 'prots: []\n  ports:');
    expect(sarif(5, 'validate', tree)).toEqual([
      {
        rule: 'E_SCHEMA',
        level: 'error',
        message:
          "spec: Service nodeserver - at '/spec': additional properties 'prots' not allowed - write it as the API of the pinned Kubernetes and Argo CD has it",
        field: 'spec',
        at: lineOf('environments/dev/nodeserver/service-nodeserver.yaml', 'spec:'),
      },
      {
        rule: 'E_POLICY/security-context',
        level: 'error',
        message: 'spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation: true - security-context: false - set false',
        field: 'spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation',
        at: lineOf(deployment, 'allowPrivilegeEscalation'),
      },
    ]);
  });

  it('names the place of what is no YAML', () => {
    appendFileSync(join(tree, deployment), 'x: [\n');
    const [finding, ...rest] = sarif(2, 'validate', tree);
    expect(rest).toEqual([]);
    expect(finding).toMatchObject({ rule: 'E_YAML', level: 'error', at: expect.stringMatching(/deployment-goserver\.yaml:\d+:1$/) });
  });
});

describe('diff', () => {
  it('finds nothing where nothing changes', () => {
    expect(sarif(0, 'diff', '--tree', tree)).toEqual([]);
  });

  it('has a level by risk, and the line in the tree as it would be', () => {
    const image = /image: \S+/.exec(readFileSync(join(tree, deployment), 'utf8'))?.[0] ?? '';
    const replicas = lineOf(deployment, 'replicas:');
    edit(deployment, /replicas: 1/, 'replicas: 2');
    edit(deployment, image, 'image: elsewhere@sha256:1');
    rmSync(join(tree, 'environments/dev/nodeserver/service-nodeserver.yaml'));
    writeFileSync(
      join(tree, 'environments/dev/goserver/persistentvolumeclaim-data.yaml'),
      'apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  namespace: dev\n',
    );
    expect(sarif(3, 'diff', '--tree', tree, '--env', 'dev', '--exit-code')).toEqual([
      {
        rule: 'diff/deletes-data',
        level: 'error',
        message: 'PersistentVolumeClaim dev/data: deletes data',
        field: undefined,
        at: 'environments/dev/goserver/persistentvolumeclaim-data.yaml:1:1',
      },
      {
        rule: 'diff/fewer-pods',
        level: 'warning',
        message: 'Deployment dev/goserver: spec.replicas: 2 → 1: fewer pods',
        field: 'spec.replicas',
        at: replicas,
      },
      {
        rule: 'diff/added',
        level: 'note',
        message: 'Service dev/nodeserver: added',
        field: undefined,
        at: 'environments/dev/nodeserver/service-nodeserver.yaml:1:1',
      },
    ]);
  });
});

describe('the place of a field', () => {
  const text = `# written by a program
apiVersion: v1
metadata:
  labels:
    app.kubernetes.io/name: x
spec:
  containers:
    - name: first
      image: a
    - name: second
      image: b
`;
  it.each([
    ['metadata.labels["app.kubernetes.io/name"]', { line: 5, column: 5 }],
    ['spec.containers[second].image', { line: 11, column: 7 }],
    ['spec.containers[1].image', { line: 11, column: 7 }],
    ['spec.containers[third].image', { line: 7, column: 3 }],
    ['spec.containers[]', { line: 7, column: 3 }],
    ['spec.replicas', { line: 6, column: 1 }],
    ['status', { line: 1, column: 1 }],
    ['', { line: 1, column: 1 }],
  ])('%s', (field, place) => {
    expect(placeOf('x.yaml', text, field)).toEqual(place);
  });

  it('of a file that is not there or no YAML is its start', () => {
    expect(placeOf('x.yaml', undefined, 'spec')).toEqual({ line: 1, column: 1 });
    expect(placeOf('x.yaml', 'spec: [', 'spec')).toEqual({ line: 1, column: 1 });
  });
});
