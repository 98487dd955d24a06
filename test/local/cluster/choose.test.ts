import { describe, expect, it } from 'vitest';
import { type ClusterFacts, chooseCluster } from '../../../infra/local/cluster/cluster.ts';

const bare: ClusterFacts = { platform: 'linux', root: true, docker: false, kindImage: false };

describe('the cluster that is used when none is asked for', () => {
  it.each<[string, ClusterFacts, string, string]>([
    ['a named context', { ...bare, context: 'prod-eu', docker: true, kindImage: true }, 'current', 'context prod-eu is given'],
    ['Docker with the node image', { ...bare, docker: true, kindImage: true }, 'kind', 'a Docker daemon runs'],
    ['Docker without Linux or root', { platform: 'darwin', root: false, docker: true, kindImage: true }, 'kind', 'a Docker daemon runs'],
    ['Docker without the image', { ...bare, docker: true }, 'embedded', "kind's node image can't be had; this is Linux and root"],
    ['Linux and root', bare, 'embedded', 'no Docker daemon runs; this is Linux and root'],
    ['Linux without root', { ...bare, root: false }, 'none', 'no Docker daemon runs, and the embedded cluster needs root'],
    ['macOS', { ...bare, platform: 'darwin' }, 'none', 'no Docker daemon runs, and the embedded cluster needs Linux, not darwin'],
  ])('with %s', (_, facts, kind, why) => {
    expect(chooseCluster('auto', facts)).toEqual({ kind, why });
  });

  it.each(['embedded', 'kind', 'current', 'none'] as const)('is %s when that is asked for, whatever the machine', (kind) => {
    expect(chooseCluster(kind, { platform: 'win32', root: false, docker: false, kindImage: false })).toEqual({ kind, why: 'asked for' });
  });
});
