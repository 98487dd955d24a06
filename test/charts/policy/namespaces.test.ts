import { JsonPatch } from 'cdk8s';
import { expect, it } from 'vitest';
import { type Case, changed, messages } from './changed.ts';

const service = 'environments/prod/goserver/service-goserver.yaml';
const namespace = 'environments/prod/namespace/namespace-prod.yaml';
const application = 'argocd/applications/prod-goserver.yaml';
const defaultDeny = 'environments/prod/namespace/networkpolicy-default-deny.yaml';
const quota = 'environments/prod/namespace/resourcequota-prod.yaml';
const limitRange = 'environments/prod/namespace/limitrange-prod.yaml';
const networkPolicy = 'environments/prod/goserver/networkpolicy-goserver.yaml';
const configMap = 'environments/prod/goserver/configmap-goserver.yaml';
const deployment = 'environments/prod/goserver/deployment-goserver.yaml';
const serviceAccount = 'environments/prod/goserver/serviceaccount-goserver.yaml';
const pod = '/spec/template/spec';
const container = `${pod}/containers/0`;

const cases: Case[] = [
  [
    'namespaces',
    'no namespace',
    service,
    [JsonPatch.remove('/metadata/namespace')],
    ['#metadata.namespace: - namespaces: is set - name the namespace, so that no client decides'],
  ],
  [
    'namespaces',
    'a foreign namespace',
    service,
    [JsonPatch.replace('/metadata/namespace', 'kube-system')],
    ["#metadata.namespace: kube-system - namespaces: prod, the environment's own - set prod"],
  ],
  [
    'namespaces',
    'a namespace of a namespace',
    namespace,
    [JsonPatch.add('/metadata/namespace', 'prod')],
    ['#metadata.namespace: prod - namespaces: none, the kind is cluster-scoped - remove it'],
  ],
  [
    'namespaces',
    'an Application elsewhere',
    application,
    [JsonPatch.replace('/metadata/namespace', 'default')],
    ['#metadata.namespace: default - namespaces: argocd, where Argo CD runs - set argocd'],
  ],
  [
    'namespaces',
    'pods not restricted',
    namespace,
    [JsonPatch.replace('/metadata/labels/pod-security.kubernetes.io~1enforce', 'baseline')],
    ['#metadata.labels.pod-security.kubernetes.io/enforce: baseline - namespaces: restricted - set restricted'],
  ],
  [
    'namespaces',
    'a version that moves',
    namespace,
    [JsonPatch.replace('/metadata/labels/pod-security.kubernetes.io~1enforce-version', 'latest')],
    ['#metadata.labels.pod-security.kubernetes.io/enforce-version: latest - namespaces: a version such as v1.36 - pin it'],
  ],
  [
    'namespaces',
    'a namespace deleted unasked',
    namespace,
    [JsonPatch.replace('/metadata/annotations/argocd.argoproj.io~1sync-options', 'Prune=confirm')],
    [
      '#metadata.annotations.argocd.argoproj.io/sync-options: Prune=confirm - namespaces: contains Delete=confirm: a namespace takes everything in it along - add Delete=confirm',
    ],
  ],
  [
    'namespaces',
    'an open network',
    defaultDeny,
    [JsonPatch.add('/spec/ingress/0', {})],
    [
      'environments/prod/namespace/namespace-prod.yaml#metadata.name: prod - namespaces: has a NetworkPolicy that denies all by default - add one',
    ],
  ],
  [
    'namespaces',
    'a network closed one way',
    defaultDeny,
    [JsonPatch.replace('/spec/policyTypes', ['Ingress'])],
    [
      'environments/prod/namespace/namespace-prod.yaml#metadata.name: prod - namespaces: has a NetworkPolicy that denies all by default - add one',
    ],
  ],
  [
    'quotas',
    'no bound on memory',
    quota,
    [JsonPatch.remove('/spec/hard/limits.memory')],
    ['#spec.hard.limits.memory: - quotas: a bound - set a bound'],
  ],
  [
    'quotas',
    'load balancers',
    quota,
    [JsonPatch.replace('/spec/hard/services.loadbalancers', '1')],
    ['#spec.hard.services.loadbalancers: 1 - quotas: 0 - set 0'],
  ],
  [
    'quotas',
    'no quota',
    quota,
    [JsonPatch.replace('/kind', 'ConfigMap')],
    ['environments/prod/namespace/namespace-prod.yaml#metadata.name: prod - quotas: has a ResourceQuota - add one'],
  ],
  [
    'quotas',
    'no default limit',
    limitRange,
    [JsonPatch.remove('/spec/limits/0/default/memory')],
    ['#spec.limits[].default.memory: - quotas: is set for type Container - set it'],
  ],
  [
    'quotas',
    'no defaults',
    limitRange,
    [JsonPatch.replace('/kind', 'ConfigMap')],
    ['environments/prod/namespace/namespace-prod.yaml#metadata.name: prod - quotas: has a LimitRange - add one'],
  ],
  [
    'network-policies',
    'pods without a policy',
    networkPolicy,
    [JsonPatch.replace('/spec/podSelector/matchLabels/app.kubernetes.io~1name', 'other')],
    [
      'environments/prod/goserver/deployment-goserver.yaml#metadata.name: goserver - network-policies: its pods are selected by a NetworkPolicy for Ingress and Egress - add one',
      'error[E_REFERENCE] #spec.podSelector: {"matchLabels":{"app.kubernetes.io/instance":"prod-goserver","app.kubernetes.io/name":"other"}} - network-policies: selects a pod of the tree - correct the labels',
    ],
  ],
  [
    'network-policies',
    'a policy for one way',
    networkPolicy,
    [JsonPatch.replace('/spec/policyTypes', ['Ingress'])],
    [
      'environments/prod/goserver/deployment-goserver.yaml#metadata.name: goserver - network-policies: its pods are selected by a NetworkPolicy for Ingress and Egress - add one',
      '#spec.policyTypes: ["Ingress"] - network-policies: Ingress and Egress - name both',
    ],
  ],
  [
    'network-policies',
    'everyone let in',
    networkPolicy,
    [JsonPatch.remove('/spec/ingress/0/from')],
    ['#spec.ingress[0].from: - network-policies: names who, or it is everyone - name the peers'],
  ],
  [
    'network-policies',
    'every namespace let in',
    networkPolicy,
    [JsonPatch.replace('/spec/ingress/0/from/1/namespaceSelector', {})],
    ['#spec.ingress[0].from[1]: {"namespaceSelector":{}} - network-policies: not everyone - name the pods, namespaces or addresses'],
  ],
  [
    'network-policies',
    'every namespace let in, said otherwise',
    networkPolicy,
    [JsonPatch.remove('/spec/ingress/0/from/1/namespaceSelector/matchLabels/kubernetes.io~1metadata.name')],
    [
      '#spec.ingress[0].from[1]: {"namespaceSelector":{"matchLabels":{}}} - network-policies: not everyone - name the pods, namespaces or addresses',
    ],
  ],
  [
    'network-policies',
    'every address let out',
    networkPolicy,
    [JsonPatch.add('/spec/egress/0', { to: [{ ipBlock: { cidr: '0.0.0.0/0' } }], ports: [{ port: 443 }] })],
    ['#spec.egress[0].to[0]: {"ipBlock":{"cidr":"0.0.0.0/0"}} - network-policies: not everyone - name the pods, namespaces or addresses'],
  ],
  [
    'network-policies',
    'every port let in',
    networkPolicy,
    [JsonPatch.remove('/spec/ingress/0/ports')],
    ['#spec.ingress[0].ports: [] - network-policies: names ports, or it is all - name the ports'],
  ],
  [
    'services',
    'a port on every node',
    service,
    [JsonPatch.replace('/spec/type', 'NodePort')],
    ['#spec.type: NodePort - services: ClusterIP - set ClusterIP, and use an Ingress'],
  ],
  [
    'services',
    'a load balancer',
    service,
    [JsonPatch.replace('/spec/type', 'LoadBalancer')],
    ['#spec.type: LoadBalancer - services: ClusterIP - set ClusterIP, and use an Ingress'],
  ],
  [
    'services',
    'addresses of others',
    service,
    [JsonPatch.add('/spec/externalIPs', ['10.0.0.1'])],
    ['#spec.externalIPs: ["10.0.0.1"] - services: none - remove it: CVE-2020-8554'],
  ],
  [
    'services',
    'a chosen node port',
    service,
    [JsonPatch.add('/spec/ports/0/nodePort', 30000)],
    ['#spec.ports[0].nodePort: 30000 - services: none - remove it'],
  ],
  [
    'labels',
    'no labels',
    configMap,
    [JsonPatch.remove('/metadata/labels')],
    [
      '#metadata.labels.app.kubernetes.io/instance: - labels: is set - add the label',
      '#metadata.labels.app.kubernetes.io/managed-by: - labels: is set - add the label',
      '#metadata.labels.app.kubernetes.io/name: - labels: is set - add the label',
      '#metadata.labels.app.kubernetes.io/part-of: - labels: is set - add the label',
    ],
  ],
  [
    'labels',
    'no name',
    service,
    [JsonPatch.remove('/metadata/labels/app.kubernetes.io~1name')],
    ['#metadata.labels.app.kubernetes.io/name: - labels: is set - add the label'],
  ],
  [
    'labels',
    'a label that is too long',
    service,
    [JsonPatch.add('/metadata/labels/a', 'x'.repeat(64))],
    [
      '#metadata.labels.a: xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx - labels: a label value: at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", with a letter or digit at both ends - shorten it, or make it an annotation',
    ],
  ],
  [
    'labels',
    'a pod without its environment',
    deployment,
    [JsonPatch.remove('/spec/template/metadata/labels/app.kubernetes.io~1part-of')],
    ['#spec.template.metadata.labels.app.kubernetes.io/part-of: - labels: is set - add the label'],
  ],
  [
    'labels',
    'a selector that will change',
    deployment,
    [JsonPatch.add('/spec/selector/matchLabels/version', '1')],
    [
      '#spec.selector: {"matchLabels":{"app.kubernetes.io/instance":"prod-goserver","app.kubernetes.io/name":"goserver","version":"1"}} - labels: app.kubernetes.io/name and app.kubernetes.io/instance of the template, nothing else - select by these two',
    ],
  ],
  [
    'labels',
    'an annotation with a bad key',
    service,
    [JsonPatch.add('/metadata/annotations', { 'a b': 'c' })],
    [
      '#metadata.annotations.a b: a b - labels: a label key: [prefix/]name, the prefix a DNS name of at most 253, the name at most 63 of A-Z, a-z, 0-9, "-", "_" and "." - rename the key',
    ],
  ],
  [
    'kinds',
    'rights',
    serviceAccount,
    [JsonPatch.replace('/apiVersion', 'rbac.authorization.k8s.io/v1'), JsonPatch.replace('/kind', 'RoleBinding')],
    ['#kind: RoleBinding - kinds: no RoleBinding, it grants rights, or decides about others: it belongs to the platform - remove it'],
  ],
  [
    'kinds',
    'a webhook',
    serviceAccount,
    [JsonPatch.replace('/apiVersion', 'admissionregistration.k8s.io/v1'), JsonPatch.replace('/kind', 'MutatingWebhookConfiguration')],
    [
      '#kind: MutatingWebhookConfiguration - kinds: no MutatingWebhookConfiguration, it grants rights, or decides about others: it belongs to the platform - remove it',
    ],
  ],
  [
    'kinds',
    'a bare pod',
    serviceAccount,
    [JsonPatch.replace('/kind', 'Pod')],
    ['#kind: Pod - kinds: no Pod, it has no controller that replaces it - remove it'],
  ],
  [
    'no-secrets',
    'a Secret with data',
    configMap,
    [JsonPatch.replace('/kind', 'Secret')],
    [
      'error[E_SECRET_IN_RENDER] #data: - no-secrets: this looks like the content of a Secret - keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown',
    ],
  ],
  [
    'no-secrets',
    'a token in a ConfigMap',
    configMap,
    [JsonPatch.add('/data/KEY', 'ghp_' + 'aB3dE5gH7jK9mN1pQ4sT6vW8xY0zC2fL')],
    [
      'error[E_SECRET_IN_RENDER] #data.KEY: - no-secrets: this looks like a GitHub token - keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown',
    ],
  ],
  [
    'no-secrets',
    'a password by name in a ConfigMap',
    configMap,
    [JsonPatch.add('/data/DB_PASSWORD', 'x')],
    [
      'error[E_SECRET_IN_RENDER] #data.DB_PASSWORD: - no-secrets: this looks like a secret by its name - keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown',
    ],
  ],
  [
    'no-secrets',
    'a password by name in a variable',
    deployment,
    [JsonPatch.add(`${container}/env/1`, { name: 'API_TOKEN', value: 'x' })],
    [
      'error[E_SECRET_IN_RENDER] #spec.template.spec.containers[0].env[1].value: - no-secrets: this looks like a secret by its name - keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown',
    ],
  ],
  [
    'no-secrets',
    'a key in an annotation',
    service,
    [JsonPatch.add('/metadata/annotations', { note: '-----BEGIN ' + 'PRIVATE KEY-----' })],
    [
      'error[E_SECRET_IN_RENDER] #metadata.annotations.note: - no-secrets: this looks like a private key - keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown',
    ],
  ],
  [
    'no-secrets',
    'a random value as argument',
    deployment,
    [JsonPatch.add(`${container}/args`, ['--key=aB3dE5gH7jK9mN1pQ4sT6vW8xY0zC2fL'])],
    [
      'error[E_SECRET_IN_RENDER] #spec.template.spec.containers[0].args[0]: - no-secrets: this looks like a random value - keep it in a secret store, refer to it by ExternalSecret or SealedSecret, and revoke what was shown',
    ],
  ],
];

it.each(cases)('%s refuses %s', (rule, _, path, patches, expected) => {
  expect(messages(rule, changed(path, ...patches), path)).toEqual(expected);
});
