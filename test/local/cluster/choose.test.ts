import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type ClusterFacts, chooseCluster } from '../../../infra/local/cluster/cluster.ts';
import { clusterFacts } from '../../../infra/local/cluster/facts.ts';

const bare: ClusterFacts = { platform: 'linux', root: true, docker: false, kindImage: false };

describe('the cluster that is used when none is asked for', () => {
  it.each<[string, ClusterFacts, string, string]>([
    ['a named context', { ...bare, context: 'prod-eu', docker: true, kindImage: true }, 'current', 'context prod-eu is given'],
    ['Docker with the node image', { ...bare, docker: true, kindImage: true }, 'kind', 'a Docker daemon runs'],
    ['Docker without Linux or root', { platform: 'darwin', root: false, docker: true, kindImage: true }, 'kind', 'a Docker daemon runs'],
    ['Docker without the image', { ...bare, docker: true }, 'embedded', "kind's node image can't be had; this is Linux and root"],
    [
      'an embedded cluster of an earlier start',
      { ...bare, existing: 'embedded', docker: true, kindImage: true },
      'embedded',
      'the project has one',
    ],
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

it('the facts are those of the machine and the project', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'facts-'));
  try {
    expect(await clusterFacts(folder, 'staging')).toEqual({
      context: 'staging',
      existing: undefined,
      platform: process.platform,
      root: process.getuid?.() === 0,
      docker: expect.any(Boolean),
      kindImage: expect.any(Boolean),
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
