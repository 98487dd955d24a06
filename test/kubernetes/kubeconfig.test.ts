import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { openCluster } from '../../infra/kubernetes/cluster-guard.ts';
import { contextNames, mergeKubeconfigs, parseKubeconfig, singleContext } from '../../infra/kubernetes/kubeconfig.ts';

const team = `
clusters:
  - name: team
    cluster: { server: 'https://team.example.com:6443/', certificate-authority: ca.crt, proxy-url: 'http://proxy.example.com' }
  - name: other
    cluster: { server: 'https://other.example.com' }
  - name: bare
    cluster: {}
users:
  - name: anna
    user: { client-certificate: keys/anna.crt, client-key: /keys/anna.key }
  - name: robot
    user: { exec: { apiVersion: client.authentication.k8s.io/v1, command: bin/login, args: [a/b], env: [{ name: A, value: b }] } }
  - name: cloud
    user: { exec: { command: cloud-login }, auth-provider: { name: oidc, config: { client-id: x } } }
contexts:
  - { name: dev, context: { cluster: team, user: anna, namespace: web } }
  - { name: robot, context: { cluster: other, user: robot } }
  - { name: cloud, context: { cluster: other, user: cloud } }
  - { name: anonymous, context: { cluster: other } }
  - { name: lost, context: { cluster: gone, user: anna } }
  - { name: nobody, context: { cluster: team, user: gone } }
  - { name: nowhere, context: { cluster: bare, user: anna } }
  - { name: empty }
current-context: robot
`;

const messageIs = (message: string) => expect.objectContaining({ message });

describe('a kubeconfig', () => {
  const config = parseKubeconfig(team, '/home/anna/.kube');
  const single = (context: string) => parse(singleContext(config, context).text);

  it('is cut down to one context, with paths that work from anywhere', () => {
    expect(single('dev')).toEqual({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [
        {
          name: 'team',
          cluster: {
            server: 'https://team.example.com:6443/',
            'certificate-authority': '/home/anna/.kube/ca.crt',
            'proxy-url': 'http://proxy.example.com',
          },
        },
      ],
      users: [{ name: 'anna', user: { 'client-certificate': '/home/anna/.kube/keys/anna.crt', 'client-key': '/keys/anna.key' } }],
      contexts: [{ name: 'dev', context: { cluster: 'team', user: 'anna', namespace: 'web' } }],
      'current-context': 'dev',
    });
    expect(singleContext(config, 'dev').server).toBe('https://team.example.com:6443');
  });

  it.each([
    [
      'robot',
      {
        exec: {
          apiVersion: 'client.authentication.k8s.io/v1',
          command: '/home/anna/.kube/bin/login',
          args: ['a/b'],
          env: [{ name: 'A', value: 'b' }],
        },
      },
    ],
    ['cloud', { exec: { command: 'cloud-login' }, 'auth-provider': { name: 'oidc', config: { 'client-id': 'x' } } }],
  ])('keeps how %s logs in', (name, user) => {
    expect(single(name).users).toEqual([{ name, user }]);
  });

  it('needs no user', () => {
    expect(single('anonymous').users).toEqual([]);
  });

  it.each([
    ['lost', 'its cluster gone is not in the kubeconfig'],
    ['nobody', 'its user gone is not in the kubeconfig'],
    ['nowhere', 'its cluster bare names no server'],
    ['empty', 'its cluster "" is not in the kubeconfig'],
    ['dve', 'has no context dve'],
  ])('with a broken context is told: %s', (context, rule) => {
    expect(() => singleContext(config, context)).toThrow(rule);
  });

  it.each([
    ['clusters: [', 'not YAML at line 1'],
    ['a: 1\nb: *secret\n', 'has too many aliases, or one without an anchor'],
    ['token-of-anna', 'not a mapping'],
    ['users: [{name: anna, user: {token: one}}, {name: anna, user: {token: two}}]', 'users has anna twice'],
    [`a: &a [x, x]\nb: &b [${'*a, '.repeat(20)}]\nc: [${'*b, '.repeat(20)}]`, 'has too many aliases, or one without an anchor'],
  ])('that is broken is told without quoting it: %s', (text, rule) => {
    expect(() => parseKubeconfig(text, '/')).toThrow(messageIs(rule));
  });

  it('of several files has of each name the first entry', () => {
    const other = parseKubeconfig(
      'contexts: [{name: dev, context: {cluster: team, user: bob}}, {name: more, context: {cluster: team, user: bob}}]\nusers: [{name: bob, user: {token: t}}]',
      '/',
    );
    const merged = mergeKubeconfigs([config, other]);
    expect(contextNames(merged)).toEqual([...contextNames(config), 'more']);
    expect(parse(singleContext(merged, 'dev').text).users[0].name).toBe('anna');
    expect(parse(singleContext(merged, 'more').text)).toMatchObject({ users: [{ name: 'bob' }], clusters: [{ name: 'team' }] });
  });
});

describe('no cluster is opened', () => {
  const folder = mkdtempSync(join(tmpdir(), 'fullcycle-kubeconfig-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (name: string, text: string) => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  mkdirSync(join(folder, 'folder'));

  it.each([
    ['that is not there', join(folder, 'gone'), `${join(folder, 'gone')} - no such file - name one that is there in KUBECONFIG`],
    ['that is a folder', join(folder, 'folder'), `${join(folder, 'folder')} - can't be read: EISDIR - look at it and at its permissions`],
    ['that is no YAML', file('broken', 'a: [secret'), `${join(folder, 'broken')} - not YAML at line 1 - correct it`],
  ])('through a kubeconfig %s', async (_what, kubeconfig, rest) => {
    await expect(openCluster({ environment: 'dev', context: 'dev', kubeconfig })).rejects.toThrow(
      messageIs(`error[E_CLUSTER] kubeconfig: ${rest}`),
    );
  });

  it.each([
    ['lost', 'its cluster gone is not in the kubeconfig - correct the kubeconfig'],
    [
      'robots',
      'not in the kubeconfig: the kubeconfig has dev, robot, cloud, anonymous, lost, nobody, nowhere, empty - did you mean robot?',
    ],
  ])('through the broken context %s', async (context, rest) => {
    await expect(openCluster({ environment: 'dev', context, kubeconfig: file('team', team) })).rejects.toThrow(
      messageIs(`error[E_CLUSTER] cluster.context: ${context} - ${rest}`),
    );
  });
});
