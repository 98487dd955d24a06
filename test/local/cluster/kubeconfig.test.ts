import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { kubeconfig } from '../../../infra/local/cluster/kubeconfig.ts';

it('needs no other file', () => {
  const text = kubeconfig({ name: 'fullcycle-1', server: 'https://127.0.0.1:16443', authority: 'A', certificate: 'C', key: 'K' });
  expect(parse(text)).toEqual({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'fullcycle-1', cluster: { server: 'https://127.0.0.1:16443', 'certificate-authority-data': 'QQ==' } }],
    users: [{ name: 'fullcycle-1', user: { 'client-certificate-data': 'Qw==', 'client-key-data': 'Sw==' } }],
    contexts: [{ name: 'fullcycle-1', context: { cluster: 'fullcycle-1', user: 'fullcycle-1' } }],
    'current-context': 'fullcycle-1',
  });
});
