import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubernetesObject, ManifestFile } from '../../../charts/environment.ts';
import { check, rules } from '../../../charts/policy/check.ts';
import { type Rule, violation } from '../../../charts/policy/rule.ts';
import { everything } from '../../fixtures/environments.ts';
import { tree } from './changed.ts';

type Path = readonly string[];

/**
 * What may be taken away without weakening anything: values that are free to choose, or that the schema asks for. Whatever else is taken
 * away must break a rule.
 */
const free: Readonly<Record<string, RegExp>> = {
  Deployment: new RegExp(
    [
      '^spec\\.progressDeadlineSeconds$',
      '^spec\\.strategy\\.rollingUpdate\\.maxSurge$',
      'containers\\.0\\.(name$|env\\b|env\\.|envFrom|ports\\.0\\.(containerPort|protocol))',
      'Probe\\.(failureThreshold|periodSeconds|timeoutSeconds|httpGet\\.(path|port))$',
      'annotations$|checksum/config$',
      'topologySpreadConstraints\\.(1|0\\.(labelSelector|matchLabelKeys|maxSkew|whenUnsatisfiable))',
    ].join('|'),
  ),
  Service: /^spec\.ports(\.0(\.(name|port|protocol|targetPort))?)?$|^spec\.selector\./,
  NetworkPolicy: /^spec\.(egress|ingress)(\.0)?$|from\.[01]$|ports\.0\.protocol$|matchLabels\.app/,
  PodDisruptionBudget: /matchLabels\.app/,
  HorizontalPodAutoscaler: /^spec\.(maxReplicas|minReplicas|metrics)|scaleTargetRef\.apiVersion$/,
  Ingress: /^spec|annotations/,
  ConfigMap: /^data/,
  AppProject: /^spec\.(description|sourceNamespaces|namespaceResourceBlacklist)/,
  Application: /sync-wave$|^spec\.source\.directory|backoff/,
};

function* pathsIn(value: unknown, path: Path = []): Generator<Path> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    yield [...path, key];
    yield* pathsIn(child, [...path, key]);
  }
}

/** A copy with the value at a path changed, or removed. */
function altered(object: KubernetesObject, path: Path, change: (parent: Record<string, unknown>, key: string) => void): KubernetesObject {
  const copy = structuredClone(object);
  let parent = copy as unknown as Record<string, unknown>;
  for (const key of path.slice(0, -1)) parent = parent[key] as Record<string, unknown>;
  change(parent, path.at(-1) as string);
  return copy;
}

function remove(parent: Record<string, unknown>, key: string): void {
  if (Array.isArray(parent)) parent.splice(Number(key), 1);
  else delete parent[key];
}

describe.each(tree.filter(({ object }) => object.kind !== 'Kustomization').map((file) => [file.path, file] as const))('%s', (_, file) => {
  const identity = /^(apiVersion|kind|metadata|metadata\.name)$/;
  const needed = [...pathsIn(file.object)].filter(
    (path) => !identity.test(path.join('.')) && !free[file.object.kind]?.test(path.join('.')),
  );

  it.each(needed.map((path) => [path.join('.'), path] as const))('cannot do without %s', (_name, path) => {
    const files = tree.map((other) => (other === file ? { ...file, object: altered(file.object, path, remove) } : other));
    expect(check(files, everything)).not.toEqual([]);
  });
});

it('rules never throw, whatever a hand has made of the files', () => {
  const replacements = fc.constantFrom<unknown>(undefined, null, 0, -1, '', 'x', true, [], [null], {}, { a: null }, [[]]);
  const places = tree.flatMap((file, index) => [...pathsIn(file.object)].map((path) => [index, path] as const));
  const keepsIdentity = ([, path]: (typeof places)[number]) => !/^(apiVersion|kind|metadata|metadata\.name)$/.test(path.join('.'));
  const change = fc.tuple(fc.constantFrom(...places.filter(keepsIdentity)), replacements);
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 3 }), (changes) => {
      const files: ManifestFile[] = [...tree];
      for (const [[index, path], replacement] of changes) {
        const file = files[index] as ManifestFile;
        try {
          const object = altered(file.object, path, (parent, key) => {
            parent[key] = structuredClone(replacement);
          });
          files[index] = { ...file, object };
        } catch {
          // an earlier change has taken the place away
        }
      }
      expect(Array.isArray(check(files, everything))).toBe(true);
    }),
    { numRuns: 1500 },
  );
});

it('a rule of your own is a function', () => {
  const teamLabel: Rule = ({ ofKind }) =>
    ofKind('Deployment')
      .filter((file) => !file.object.metadata.labels?.team)
      .map((file) => violation('team-label', file, 'metadata.labels.team', undefined, 'is set', 'name the team'));
  expect(check(tree, everything, [...Object.values(rules), teamLabel]).map(({ field }) => field)).toEqual([
    'environments/prod/goserver/deployment-goserver.yaml#metadata.labels.team',
    'environments/prod/nodeserver/deployment-nodeserver.yaml#metadata.labels.team',
  ]);
});
