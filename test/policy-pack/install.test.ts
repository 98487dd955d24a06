import { describe, expect, it } from 'vitest';
import { installArgoCd } from '../../charts/argocd/install/install.ts';
import { argoCdSecrets } from '../../charts/argocd/install/secrets.ts';
import { type ArgoCdInstall, defaultInstall } from '../../charts/argocd/install/settings.ts';
import { rootApplication } from '../../charts/argocd/root.ts';
import { argoCdManifest } from '../../infra/argocd-manifest.ts';
import { declaredObject } from '../../infra/policy-pack/declared.ts';
import { policies } from '../../infra/policy-pack/policies.ts';
import { type PropertyMap, Secret } from '../../infra/provider/value.ts';
import { environment } from '../fixtures/environments.ts';
import { cluster, declare, told } from './declare.ts';

const value = () => new Secret('hidden');
const parts = { dex: true, notifications: true, applicationSets: true };

describe('the policy pack', () => {
  it.each<[string, Partial<ArgoCdInstall>]>([
    ['as it is', {}],
    [
      'highly available, with all parts, in another namespace',
      { highAvailability: true, parts, namespace: 'gitops', repoServerReplicas: 2 },
    ],
  ])('finds nothing wrong with Argo CD %s', async (_name, settings) => {
    const install = { ...defaultInstall, version: '3.5.7', repositories: { infra: { url: 'https://git.example.com/x.git' } }, ...settings };
    const { crds, objects } = installArgoCd(
      await argoCdManifest('3.5.7', install.highAvailability ? 'highAvailability' : 'standard'),
      install,
    );
    const secrets = argoCdSecrets<Secret>(install, {
      adminPassword: { hash: value(), changedAt: '2026-01-01T00:00:00Z' },
      redisPassword: value(),
      webhooks: { github: value() },
      repositories: { infra: { username: value(), password: value() } },
    });
    const declared = [...crds, ...objects, ...secrets].map((object) => declare(object as unknown as PropertyMap));
    expect(declared.length).toBeGreaterThan(40);
    expect(policies.flatMap(({ rule }) => declared.flatMap((each) => told(rule, each, install.namespace)))).toEqual([]);
  });

  it('finds nothing wrong with a root Application', () => {
    const dev = environment('dev');
    const { project, application } = rootApplication(dev);
    const declared = [project, application].map((object) => declare(object as unknown as PropertyMap));
    expect(policies.flatMap(({ rule }) => declared.flatMap((each) => told(rule, each, dev.argocd.namespace)))).toEqual([]);
  });

  it.each(['fullcycle:image:Image', 'pulumi:providers:kubernetes', 'pulumi:pulumi:Stack'])('has nothing to say about %s', (type) => {
    expect(declaredObject({ name: 'x', type, inputs: {}, sealed: [], provider: cluster })).toBeUndefined();
  });

  it('names each policy as its messages do', () => {
    const names = policies.map(({ name }) => name);
    expect(new Set(names).size).toBe(policies.length);
    expect(names).toEqual(names.filter((name) => /^[a-z]+(-[a-z]+)*$/.test(name)));
  });
});
