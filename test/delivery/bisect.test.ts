import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { print } from '../../charts/manifest.ts';
import { parseField } from '../../infra/delivery/bisect/field.ts';
import { fieldChanges } from '../../infra/delivery/bisect.ts';
import { atTip } from '../../infra/delivery/git/reach.ts';
import { PlayedTiming, Remote } from './gitops.ts';

let remote: Remote;
beforeEach(() => {
  remote = new Remote();
});
afterEach(() => remote.remove());

const path = 'environments/dev/goserver/deployment-goserver.yaml';
const text = (replicas: number | undefined, at = path) => {
  const spec = replicas === undefined ? { paused: true } : { replicas };
  return print(at, { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'goserver', namespace: 'dev' }, spec }).text;
};

/** Commit, before and after of every change of the field, the newest first. */
async function changes(field = 'Deployment/goserver:spec.replicas', environment = 'dev'): Promise<[string, unknown, unknown][]> {
  const repository = remote.repository();
  const parsed = parseField(field);
  if ('code' in parsed) throw new Error(parsed.rule);
  return await atTip({ repository, timing: new PlayedTiming() }, async (tip) => {
    const all: [string, unknown, unknown][] = [];
    for await (const { entry, before, after } of fieldChanges(repository, environment, parsed, tip ?? ''))
      all.push([entry.commit, before, after]);
    return all;
  });
}

describe('the commits that changed a field', () => {
  it('are all of them: set, changed, changed back, taken away, and back again', async () => {
    const set = remote.commit({ [path]: text(1) });
    remote.commit({ 'environments/dev/goserver/service-goserver.yaml': 'kind: Service\n' });
    const changed = remote.commit({ [path]: text(2) });
    remote.commit({ 'environments/prod/goserver/deployment-goserver.yaml': text(9) });
    const back = remote.commit({ [path]: text(1) });
    remote.commit({ [path]: `${text(1)}# a remark\n` });
    const gone = remote.commit({ [path]: text(undefined) });
    const again = remote.commit({ [path]: text(1) });
    const removed = remote.commit({ [path]: null });
    expect(await changes()).toEqual([
      [removed, 1, undefined],
      [again, undefined, 1],
      [gone, 1, undefined],
      [back, 2, 1],
      [changed, 1, 2],
      [set, undefined, 1],
    ]);
  });

  it('leave out a move of its object to another folder', async () => {
    const set = remote.commit({ [path]: text(1) });
    const moved = 'environments/dev/other/deployment-goserver.yaml';
    remote.commit({ [path]: null, [moved]: text(1, moved) });
    expect(await changes()).toEqual([[set, undefined, 1]]);
  });

  it('take a file that somebody broke for one without the field', async () => {
    const set = remote.commit({ [path]: text(1) });
    const broken = remote.commit({ [path]: '\t{' });
    const mended = remote.commit({ [path]: text(1) });
    expect(await changes()).toEqual([
      [mended, undefined, 1],
      [broken, 1, undefined],
      [set, undefined, 1],
    ]);
  });

  it('are none of another environment’s, and none where the field never was', async () => {
    remote.commit({ [path]: text(1) });
    expect(await changes('Deployment/goserver:spec.replicas', 'prod')).toEqual([]);
    expect(await changes('Deployment/goserver:spec.strategy')).toEqual([]);
  });

  it('are found for Argo CD’s objects, by name or by key', async () => {
    const file = 'argocd/applications/dev-goserver.yaml';
    const application = (branch: string) =>
      print(file, {
        apiVersion: 'argoproj.io/v1alpha1',
        kind: 'Application',
        metadata: { name: 'dev-goserver', namespace: 'argocd' },
        spec: { source: { targetRevision: branch } },
      }).text;
    remote.commit({ [file]: application('main') });
    const changed = remote.commit({ [file]: application('next') });
    for (const name of ['Application/dev-goserver', 'argoproj.io/Application/argocd/dev-goserver'])
      expect((await changes(`${name}:spec.source.targetRevision`))[0]).toEqual([changed, 'main', 'next']);
  });
});
