import { expect, it, describe as suite } from 'vitest';
import { describe, type Entrance, entranceOf, facts } from '../../infra/delivery/open.ts';
import { stack } from './live/objects.ts';

const kubectl = 'kubectl --context=dev';
const argocd: Entrance = {
  namespace: 'argocd',
  service: 'argocd-server',
  port: 'https',
  scheme: 'https',
  login: { user: 'admin', secret: 'argocd-initial-admin-secret' },
};
const goserver: Entrance = { namespace: 'dev', service: 'goserver', port: 'http', scheme: 'http' };

suite('what can be opened', () => {
  it('is Argo CD, with the user that may log in', () => {
    expect(entranceOf('argocd', stack)).toEqual(argocd);
  });

  it('is a service of the environment', () => {
    expect(entranceOf('goserver', stack)).toEqual(goserver);
  });

  it.each([
    ['gosever', 'error[E_USAGE] target: gosever - one of argocd, goserver - did you mean goserver?'],
    ['nodeserver', 'error[E_USAGE] target: nodeserver - one of argocd, goserver - name one of them'],
    ['constructor', 'error[E_USAGE] target: constructor - one of argocd, goserver - name one of them'],
  ])('is not %s', (target, message) => {
    expect(() => entranceOf(target, stack)).toThrow(expect.objectContaining({ message }));
  });
});

suite('open says', () => {
  const password = `${kubectl} get secret argocd-initial-admin-secret -n argocd -o go-template='{{.data.password | base64decode}}'`;

  it('where Argo CD is, who logs in and how to see the password', () => {
    expect(describe(argocd, kubectl, 'https://127.0.0.1:40001').split('\n')).toEqual([
      'address   https://127.0.0.1:40001',
      'user      admin',
      `password  ${password}`,
      'Ctrl-C ends it.',
    ]);
  });

  it('how to reach a service', () => {
    expect(describe(goserver, kubectl, undefined)).toBe('open      kubectl --context=dev port-forward -n dev service/goserver :http');
  });

  it('the same to machines', () => {
    expect(facts(argocd, kubectl, undefined)).toEqual({
      url: null,
      inCluster: 'https://argocd-server.argocd.svc',
      open: 'kubectl --context=dev port-forward -n argocd service/argocd-server :https',
      user: 'admin',
      password,
    });
  });
});
