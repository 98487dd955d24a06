import { describe, expect, it } from 'vitest';
import { changesOf, localStackFile, stepOf } from '../../infra/local/stack.ts';

describe('what the engine counts', () => {
  it.each([
    ['a first run', '\nResources:\n    + 74 created\n\nDuration: 58s\n', { created: 74 }],
    ['nothing to do', '\nResources:\n    74 unchanged\n\nDuration: 9s\n', { unchanged: 74 }],
    [
      'a change',
      '\nOutputs:\n  ~ commit: "a" => "b"\n\nResources:\n    ~ 2 updated\n    +-1 replaced\n    - 1 deleted\n    4 changes. 70 unchanged\n',
      { updated: 2, replaced: 1, deleted: 1, unchanged: 70 },
    ],
    ['nothing at all', '', {}],
  ])('is read after %s', (_what, printed, changes) => {
    expect(changesOf(printed)).toEqual(changes);
  });
});

describe('the stack file of a local stack', () => {
  const cluster = { kubeconfig: '/project/.fullcycle/kubeconfig', context: 'local', identity: 'uid' };
  const values = 'config:\n  fullcycle:services:\n    goserver: {}\n';

  it('has the values of the project, and the local cluster', () => {
    expect(localStackFile(values, undefined, cluster)).toBe(
      `${values}  fullcycle:local: "true"\n  fullcycle:localCluster:\n    kubeconfig: /project/.fullcycle/kubeconfig\n    context: local\n    identity: uid\n`,
    );
  });

  it('has none of the secrets, which only the key of the real stack opens, and keeps its own salt', () => {
    const secret = `encryptionsalt: v1:real\nsecretsprovider: awskms://x\n${values}  fullcycle:webhookSecret:\n    secure: v1:canary\n`;
    const file = localStackFile(secret, 'encryptionsalt: v1:local\nconfig: {}\n', cluster);
    expect(file).toContain('encryptionsalt: v1:local');
    expect(file).not.toMatch(/canary|v1:real|awskms/);
  });
});

describe('a line of the engine', () => {
  it.each<[string, string | undefined]>([
    [
      ' +  kubernetes:apps/v1:Deployment Deployment/argocd/argocd-server creating (7s) Deployment argocd/argocd-server: 0 of 1 replicas available',
      'creating Deployment/argocd/argocd-server: 0 of 1 replicas available',
    ],
    [' +  fullcycle:secret:Password argocd-webhook created (0.21s)', 'created argocd-webhook'],
    [' ~  kubernetes:core/v1:ConfigMap ConfigMap/argocd/argocd-cm updating (0s) [diff: ~data]', 'updating ConfigMap/argocd/argocd-cm'],
    [' +- kubernetes:batch/v1:Job Job/a/b replacing', 'replacing Job/a/b'],
    [' +  fullcycle:index:GitOpsDelivery prod creating (0s)', undefined],
    ['    pulumi:pulumi:Stack fullcycle-dev running', undefined],
    ['Resources:', undefined],
    ['', undefined],
  ])('%j is told as %j', (line, told) => {
    expect(stepOf(line)).toBe(told);
  });
});
