import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tryRun } from '../../../infra/delivery/process.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { checkout, createProgram, type EngineProgram } from './engine-program.ts';

const pack = join(checkout, 'infra', 'policy-pack');
const plugins = `{providers: [{name: fullcycle, path: ${join(checkout, 'infra', 'provider')}}], analyzers: [{name: policy-fullcycle, path: ${pack}}]}`;

/** Argo CD in small: a namespace, a Secret whose value is made in the same run, and its server. */
const good = `
import { readFileSync } from 'node:fs';
import { apps, core, Provider } from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { Password } from '${checkout}/infra/provider/resources.ts';

const { kubeconfig, context } = JSON.parse(readFileSync('cluster.json', 'utf8'));
const provider = new Provider('cluster', { kubeconfig: pulumi.secret(kubeconfig), context });
const namespace = 'argocd';
const made = new core.v1.Namespace('argocd', { metadata: { name: namespace } }, { provider });
const options = { provider, dependsOn: made };
const password = new Password('redis');
class Plain extends pulumi.CustomResource {}
const secret = (name: string, stringData: object) =>
  new Plain('kubernetes:core/v1:Secret', name, { apiVersion: 'v1', kind: 'Secret', metadata: { namespace, name }, stringData }, options);
secret('argocd-redis', { auth: password.value });
secret('repository-infra', { type: 'git', url: 'https://git.example.com/infra.git', password: password.value });
new core.v1.Secret('sealed', { metadata: { namespace, name: 'sealed' }, stringData: { auth: password.value } }, options);
const labels = { app: 'argocd-server' };
const server = (name: string, container: object, pod: object = {}) =>
  new apps.v1.Deployment(name, {
    metadata: { namespace, name },
    spec: {
      replicas: 0,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: { ...pod, containers: [{ name: 'argocd-server', image: 'quay.io/argoproj/argocd:v3.5.7', ...container }] },
      },
    },
  }, options);
server('argocd-server', {});
`;

/** All of Argo CD, as this project installs it. */
const own = `
import { readFileSync } from 'node:fs';
import { Provider } from '@pulumi/kubernetes';
import * as pulumi from '@pulumi/pulumi';
import { defaultInstall } from '${checkout}/charts/argocd/install/settings.ts';
import { ArgoCd, RootApplication } from '${checkout}/infra/argocd.ts';
import { argoCdManifest } from '${checkout}/infra/argocd-manifest.ts';
import { environment } from '${checkout}/test/fixtures/environments.ts';

const { kubeconfig, context } = JSON.parse(readFileSync('cluster.json', 'utf8'));
const providers = [new Provider('cluster', { kubeconfig: pulumi.secret(kubeconfig), context, enableServerSideApply: true })];
const install = { ...defaultInstall, version: '3.5.7', repositories: { infra: { url: 'https://git.example.com/infra.git' } } };
const repositories = { infra: { username: pulumi.secret('somebody'), password: pulumi.secret('hunter2') } };
const argocd = new ArgoCd('argocd', { install, manifest: await argoCdManifest('3.5.7', 'standard'), secrets: { repositories } }, { providers });
new RootApplication('dev', { environment: environment('dev') }, { providers, dependsOn: argocd });
`;

let plane: ControlPlane;
let program: EngineProgram;

beforeAll(async () => {
  [plane, program] = await Promise.all([startControlPlane(), createProgram(plugins)]);
  const kubeconfig = join(program.folder, 'kubeconfig');
  writeFileSync(join(program.folder, 'cluster.json'), JSON.stringify(plane));
  writeFileSync(kubeconfig, plane.kubeconfig);
  // So that a default provider works, and goes wherever this points.
  await program.pulumi('config', 'set', 'kubernetes:kubeconfig', kubeconfig);
  await program.pulumi('config', 'set', 'kubernetes:context', plane.context);
});

afterAll(async () => {
  await plane?.stop();
  program?.remove();
});

const preview = () => program.pulumi('preview', '--policy-pack', pack);

describe('the policy pack, run by the engine', () => {
  it('lets this project’s own bootstrap pass', async () => {
    program.write(own);
    const said = await program.pulumi('preview', '--policy-pack', pack);
    expect(said).toMatch(/Application\/argocd\/dev-root create.*✅ fullcycle@v.*exit 0$/s);
    expect(said).not.toContain('hunter2');
  });

  it('lets a bootstrap pass whose secrets are made in the same run', async () => {
    program.write(good);
    expect(await preview()).toMatch(/✅ fullcycle@v\d+\.\d+\.\d+ \(local: .*8 to create.*exit 0$/s);
    expect(await program.pulumi('up', '--yes', '--skip-preview', '--policy-pack', pack)).toMatch(/✅ fullcycle@v.*8 created.*exit 0$/s);
  });

  it.each<[string, string, string]>([
    [
      'an object of the default provider',
      `new core.v1.ConfigMap('stray', { metadata: { namespace, name: 'stray' } });`,
      'error[E_POLICY] stray#provider: - explicit-provider: is named - pass a provider with kubeconfig and context in its options',
    ],
    [
      'an object in another namespace',
      `new core.v1.ConfigMap('stray', { metadata: { namespace: 'kube-system', name: 'stray' } }, options);`,
      "error[E_POLICY] stray#metadata.namespace: kube-system - argocd-namespace: Argo CD's, argocd - deliver it by the GitOps repository",
    ],
    [
      'an Argo CD with holes',
      `server('old', { image: 'quay.io/argoproj/argocd:v3.4.1' });`,
      'error[E_ARGO_VERSION] old#spec.template.spec.containers[0].image: v3.4.1 - argocd-version: at least 3.2.12, 3.3.10, 3.4.2 on its line',
    ],
    [
      'a value from the program’s text',
      `secret('argocd-secret', { 'server.secretkey': 'hunter2', 'webhook.github.secret': password.value });`,
      'error[E_POLICY] argocd-secret#stringData.server.secretkey: - secret-values: is a secret to Pulumi - pass a value that is secret by itself',
    ],
    [
      'a token in a variable',
      `server('argocd-repo-server', { env: [{ name: 'GIT', value: 'ghp_' + 'a1B2'.repeat(9) }] });`,
      'error[E_SECRET_IN_RENDER] argocd-repo-server#spec.template.spec.containers[0].env[0].value: - no-secrets: this looks like a GitHub token',
    ],
    [
      'a privileged pod',
      `server('root', { securityContext: { privileged: true } }, { hostNetwork: true });`,
      'error[E_POLICY] root#spec.template.spec.containers[0].securityContext.privileged: true - no-privileges: is not set',
    ],
    [
      'an Application of the project default',
      `new Plain('kubernetes:argoproj.io/v1alpha1:Application', 'root', { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', metadata: { namespace, name: 'root' }, spec: { project: 'default' } }, options);`,
      'error[E_POLICY] root#spec.project: default - root-project: names a project that is not default - name <env>-root',
    ],
  ])('refuses %s', async (_name, statement, message) => {
    program.write(`${good}${statement}\n`);
    const said = await preview();
    expect(said).toContain(message);
    expect(said).toMatch(/❌ fullcycle@v.*exit [1-9]\d*$/s);
    expect(said).not.toMatch(/hunter2|ghp_/);
  });

  it('has nothing made of what it refuses', async () => {
    program.write(`${good}new core.v1.ConfigMap('stray', { metadata: { namespace: 'kube-system', name: 'stray' } }, options);\n`);
    expect(await program.pulumi('up', '--yes', '--skip-preview', '--policy-pack', pack)).toMatch(
      /stray#metadata\.namespace.*exit [1-9]\d*$/s,
    );
    const { exitCode, stderr } = await tryRun([plane.kubectl, 'get', 'configmap', 'stray', '--namespace=kube-system'], {
      env: { KUBECONFIG: plane.kubeconfigFile },
    });
    expect({ exitCode, gone: stderr.includes('NotFound') }).toEqual({ exitCode: 1, gone: true });
  });

  it('refuses to judge when its first policy can’t see secrets', async () => {
    program.write(good);
    const file = join(program.folder, 'policy.json');
    writeFileSync(file, JSON.stringify({ 'secret-values': 'mandatory' }));
    const said = await program.pulumi('preview', '--policy-pack', pack, '--policy-pack-config', file);
    expect(said).toMatch(/enforcement level remediate is needed for secret-values.*exit [1-9]\d*$/s);
  });
});
