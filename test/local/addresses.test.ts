import { describe, expect, it } from 'vitest';
import { type LocalEnvironment, localNames, pushAddress, pushUrl } from '../../infra/local/addresses.ts';

const local: LocalEnvironment = {
  registry: { address: '127.0.0.1:20000' },
  gitops: { url: localNames.gitops, cloneUrl: 'http://127.0.0.1:20001/gitops.git' },
};

describe('the local names', () => {
  it('are the ones that manifests say', () => {
    expect(localNames).toEqual({
      registry: 'registry.fullcycle.internal',
      gitops: 'http://gitops.fullcycle-local.svc.cluster.local/gitops.git',
    });
  });

  it.each([
    ['registry.fullcycle.internal/goserver', '127.0.0.1:20000/goserver'],
    ['registry.fullcycle.internal/team/goserver', '127.0.0.1:20000/team/goserver'],
  ])('image %s is pushed to %s', (name, address) => {
    expect(pushAddress(name, local)).toBe(address);
  });

  it.each([localNames.gitops, `${localNames.gitops}/`])('repository %s is reached over loopback', (url) => {
    expect(pushUrl(url, local)).toBe('http://127.0.0.1:20001/gitops.git');
  });

  it('need the local environment to run', () => {
    expect(() => pushAddress('registry.fullcycle.internal/goserver', undefined)).toThrow(
      'error[E_LOCAL_DOWN] image.repository: registry.fullcycle.internal/goserver - the local environment must run - start it with npm run up',
    );
    expect(() => pushUrl(localNames.gitops, undefined)).toThrow(
      'error[E_LOCAL_DOWN] gitops.repository: http://gitops.fullcycle-local.svc.cluster.local/gitops.git - the local environment must run - start it with npm run up',
    );
  });
});

describe('every other address', () => {
  it.each([
    'ghcr.io/team/goserver',
    'registry.fullcycle.internal.example.com/goserver',
    'registry.example.com/registry.fullcycle.internal/goserver',
    'registry.fullcycle.internal:5000/goserver',
    'goserver',
  ])('of an image is its own: %s', (name) => {
    expect(pushAddress(name, local)).toBe(name);
    expect(pushAddress(name, undefined)).toBe(name);
  });

  it.each([
    'https://github.com/team/gitops.git',
    'git@github.com:team/gitops.git',
    'https://gitops.fullcycle-local.svc.cluster.local/gitops.git',
    'http://gitops.fullcycle-local.svc.cluster.local/other.git',
    'http://gitops.fullcycle-local.svc.cluster.local.example.com/gitops.git',
  ])('of a repository is its own: %s', (url) => {
    expect(pushUrl(url, local)).toBe(url);
    expect(pushUrl(url, undefined)).toBe(url);
  });
});
