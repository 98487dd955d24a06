import { describe, expect, it } from 'vitest';
import type { ManifestFile } from '../../../charts/environment.ts';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { plan, type Wanted } from '../../../infra/delivery/plan/plan.ts';
import { deletions, type Guard } from '../../../infra/delivery/plan/prune-guard.ts';
import { apply, current, manifest, strict, type Tree, wanted } from '../desired.ts';

const full = wanted({ environment: 'prod', services: { hello: 'v1', node: 'v1' } });
const tree: Tree = apply(new Map(), plan(current(new Map(), 'prod'), full, strict));
const all = 7;

type Shape = (files: readonly ManifestFile[]) => readonly ManifestFile[];
const without =
  (...kinds: string[]): Shape =>
  (files) =>
    files.filter(({ object }) => !kinds.includes(object.kind));
const only =
  (...kinds: string[]): Shape =>
  (files) =>
    files.filter(({ object }) => kinds.includes(object.kind));
const withoutService =
  (service: string): Shape =>
  (files) =>
    files.filter(({ path }) => !path.includes(service));
const change =
  (pick: (file: ManifestFile) => boolean, into: (file: ManifestFile) => ManifestFile): Shape =>
  (files) =>
    files.map((file) => (pick(file) ? into(file) : file));
const isKind =
  (kind: string) =>
  ({ object }: ManifestFile): boolean =>
    object.kind === kind;
const renamed = ({ path, object }: ManifestFile): ManifestFile =>
  manifest(path, object.apiVersion, object.kind, `${object.metadata.name}2`, object.metadata.namespace);
const moved = ({ path, object }: ManifestFile): ManifestFile =>
  manifest(path, object.apiVersion, object.kind, object.metadata.name, 'elsewhere');
const unscoped = ({ path, object }: ManifestFile): ManifestFile => manifest(path, object.apiVersion, object.kind, object.metadata.name);
const otherKind = ({ path, object }: ManifestFile): ManifestFile =>
  manifest(path, object.apiVersion, 'StatefulSet', object.metadata.name, object.metadata.namespace);
const otherGroup = ({ path, object }: ManifestFile): ManifestFile =>
  manifest(path, 'example.com/v1', object.kind, object.metadata.name, object.metadata.namespace);
const asKustomization = ({ path, object }: ManifestFile): ManifestFile =>
  manifest(path, 'kustomize.config.k8s.io/v1beta1', 'Kustomization', object.metadata.name, object.metadata.namespace);

/** Ways in which a render can come out smaller, and how many of the seven objects the cluster would lose. */
const shapes: readonly (readonly [name: string, shape: Shape, lost: number])[] = [
  ['nothing at all', () => [], all],
  ['no Deployment', without('Deployment'), 2],
  ['no Service', without('Service'), 2],
  ['no Application', without('Application'), 2],
  ['no Namespace', without('Namespace'), 1],
  ['only Deployments', only('Deployment'), 5],
  ['only Services', only('Service'), 5],
  ['only Applications', only('Application'), 5],
  ['only the Namespace', only('Namespace'), 6],
  ['only one object', (files) => files.slice(0, 1), 6],
  ['all but the first object', (files) => files.slice(1), 1],
  ['all but the last object', (files) => files.slice(0, -1), 1],
  ['every second object', (files) => files.filter((_file, index) => index % 2 === 0), 3],
  ['one service of two', withoutService('node'), 3],
  ['the other service of two', withoutService('hello'), 3],
  ['no service', (files) => withoutService('hello')(withoutService('node')(files)), 6],
  ['one Deployment less', change((file) => file.path.includes('deployment-node'), asKustomization), 1],
  ['a renamed Deployment', change((file) => file.path.includes('deployment-hello'), renamed), 1],
  ['renamed Deployments', change(isKind('Deployment'), renamed), 2],
  ['renamed Services', change(isKind('Service'), renamed), 2],
  ['renamed Applications', change(isKind('Application'), renamed), 2],
  ['a renamed Namespace', change(isKind('Namespace'), renamed), 1],
  ['everything renamed', change(() => true, renamed), all],
  ['Deployments in another namespace', change(isKind('Deployment'), moved), 2],
  ['everything in another namespace', change(() => true, moved), all],
  ['Services without a namespace', change(isKind('Service'), unscoped), 2],
  ['Deployments that became StatefulSets', change(isKind('Deployment'), otherKind), 2],
  ['Deployments of another API group', change(isKind('Deployment'), otherGroup), 2],
  ['Applications of another API group', change(isKind('Application'), otherGroup), 2],
  ['only kustomizations', change(() => true, asKustomization), all],
  [
    'more new objects than lost ones',
    (files) => [
      ...only('Namespace')(files),
      ...without('Namespace')(files).map(renamed),
      ...['a', 'b'].map((name) => manifest(`environments/prod/x/${name}.yaml`, 'v1', 'ConfigMap', name, 'prod')),
    ],
    6,
  ],
  [
    'one object printed into every file',
    (files) => files.map((file, _index, [first = file]) => ({ ...file, object: first.object, text: first.text })),
    6,
  ],
];

function planned(shape: Shape, guard: Guard) {
  const smaller: Wanted = { ...full, files: shape(full.files) };
  return plan(current(tree, 'prod'), smaller, guard);
}

describe('a shrinking render', () => {
  it('is tested in 30 shapes or more, each of its own', () => {
    expect(new Set(shapes.map(([name]) => name)).size).toBe(shapes.length);
    expect(shapes.length).toBeGreaterThanOrEqual(30);
    expect(full.files.length).toBe(all);
  });

  it.each(shapes)('of %s is refused', (_name, shape, lost) => {
    const { problems, deleted } = planned(shape, strict);
    expect(problems.map(({ code }) => code)).toEqual(['E_PRUNE_GUARD']);
    expect(problems.map(formatProblem).join()).toContain(`(${lost} of ${all})`);
    expect(deleted.length).toBe(lost);
  });

  it.each(shapes)('of %s is refused when all that goes but one object is allowed', (_name, shape, lost) => {
    expect(planned(shape, { ...strict, deletionBudget: lost - 1 }).problems.length).toBe(1);
  });

  it('names what would go, of how much, and how to allow it', () => {
    const { problems } = planned((files) => files.filter(({ path }) => !path.includes('prod/hello')), strict);
    expect(problems.map(formatProblem)).toEqual([
      `error[E_PRUNE_GUARD] prod: would delete Service hello, Deployment hello (2 of ${all}) - at most 0 objects may go without being named - if that is intended: --allow-delete Service/hello Deployment/hello`,
    ]);
  });

  it('passes when each object is named, and not when one is left out', () => {
    const guard = (...allowDelete: string[]): Guard => ({ ...strict, allowDelete });
    const shape = without('Service');
    expect(planned(shape, guard('Service/hello', 'Service/node')).problems).toEqual([]);
    expect(planned(shape, guard('Service/hello')).problems.map(formatProblem)).toEqual([
      `error[E_PRUNE_GUARD] prod: would delete Service node (1 of ${all}) - at most 0 objects may go without being named - if that is intended: --allow-delete Service/node`,
    ]);
    expect(planned(shape, guard('Deployment/hello', 'Service/nod', 'Service')).problems.length).toBe(1);
  });

  it('passes within the budget', () => {
    expect(planned(without('Service'), { ...strict, deletionBudget: 2 }).problems).toEqual([]);
  });

  it('never passes when it is empty, whatever is allowed', () => {
    const everything = full.files.map(({ object }) => `${object.kind}/${object.metadata.name}`);
    const { problems } = planned(() => [], { deletionBudget: 100, allowDelete: everything, overwrite: true });
    expect(problems.map(formatProblem)).toEqual([
      `error[E_PRUNE_GUARD] prod: would delete everything (${all} of ${all}) - a render without objects is never delivered - check which services the environment has`,
    ]);
    const first = plan(current(new Map(), 'prod'), { ...full, files: [] }, strict);
    expect(first.problems.map(formatProblem)).toEqual([
      'error[E_PRUNE_GUARD] prod: renders no object - a render without objects is never delivered - check which services the environment has',
    ]);
  });

  it('of many objects is told in one readable line', () => {
    const keys = Array.from({ length: 40 }, (_none, index) => `apps/Deployment/prod/service-${index}`);
    const [problem] = deletions('prod', keys, ['/Namespace//prod'], strict).problems;
    expect(problem?.value).toBe('would delete Deployment service-0, Deployment service-1, Deployment service-10 and 37 more (40 of 40)');
    expect(problem?.fix.split(' ').filter((word) => word.startsWith('Deployment/')).length).toBe(40);
  });

  it('stays possible where an object only moves to another file or API version', () => {
    const shape: Shape = (files) =>
      files.map((file) => {
        const version = file.object.kind === 'Deployment' ? 'apps/v2' : file.object.apiVersion;
        return manifest(
          file.path.replace('.yaml', '-moved.yaml'),
          version,
          file.object.kind,
          file.object.metadata.name,
          file.object.metadata.namespace,
        );
      });
    expect(planned(shape, strict)).toMatchObject({ problems: [], deleted: [] });
  });
});
