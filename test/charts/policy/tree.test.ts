import { JsonPatch } from 'cdk8s';
import { expect, it } from 'vitest';
import { type Case, changed, messages } from './changed.ts';

const service = 'environments/prod/goserver/service-goserver.yaml';
const ingress = 'environments/prod/goserver/ingress-goserver.yaml';
const autoscaler = 'environments/prod/nodeserver/horizontalpodautoscaler-nodeserver.yaml';
const budget = 'environments/prod/goserver/poddisruptionbudget-goserver.yaml';
const deployment = 'environments/prod/goserver/deployment-goserver.yaml';
const configMap = 'environments/prod/goserver/configmap-goserver.yaml';
const project = 'argocd/projects/prod.yaml';
const pod = '/spec/template/spec';
const container = `${pod}/containers/0`;

const cases: Case[] = [
  [
    'targets',
    'a Service of no pods',
    service,
    [JsonPatch.replace('/spec/selector/app.kubernetes.io~1name', 'other')],
    [
      'error[E_REFERENCE] #spec.selector: {"app.kubernetes.io/instance":"prod-goserver","app.kubernetes.io/name":"other"} - targets: selects a pod of the tree - correct the labels',
    ],
  ],
  [
    'targets',
    'a Service of all pods',
    service,
    [JsonPatch.replace('/spec/selector', {})],
    ['error[E_REFERENCE] #spec.selector: {} - targets: selects a pod of the tree - correct the labels'],
  ],
  [
    'targets',
    'a port that no pod has',
    service,
    [JsonPatch.replace('/spec/ports/0/targetPort', 'metrics')],
    ['error[E_REFERENCE] #spec.ports[0].targetPort: metrics - targets: a port that the pods declare - correct the port'],
  ],
  [
    'targets',
    'an Ingress to no Service',
    ingress,
    [JsonPatch.replace('/spec/rules/0/http/paths/0/backend/service/name', 'other')],
    ['error[E_REFERENCE] #spec.rules[0].http.paths[0].backend.service.name: other - targets: a Service of the tree - correct the name'],
  ],
  [
    'targets',
    'an Ingress to no port',
    ingress,
    [JsonPatch.replace('/spec/rules/0/http/paths/0/backend/service/port', { number: 1 })],
    [
      'error[E_REFERENCE] #spec.rules[0].http.paths[0].backend.service.port: 1 - targets: a port of environments/prod/goserver/service-goserver.yaml - correct the port',
    ],
  ],
  [
    'targets',
    'an autoscaler of nothing',
    autoscaler,
    [JsonPatch.replace('/spec/scaleTargetRef/name', 'other')],
    ['error[E_REFERENCE] #spec.scaleTargetRef: Deployment other - targets: a workload of the tree - correct the reference'],
  ],
  [
    'targets',
    'an inverted autoscaler',
    autoscaler,
    [JsonPatch.replace('/spec/minReplicas', 9)],
    ['#spec.minReplicas: 9 - targets: at most maxReplicas - lower it'],
  ],
  [
    'targets',
    'a budget of no pods',
    budget,
    [JsonPatch.replace('/spec/selector', {})],
    ['error[E_REFERENCE] #spec.selector: {} - targets: selects a pod of the tree - correct the labels'],
  ],
  [
    'targets',
    'settings that are not there',
    deployment,
    [JsonPatch.replace(`${container}/envFrom/0/configMapRef/name`, 'other')],
    [
      'error[E_REFERENCE] #spec.template.spec.containers[0].envFrom[0].configMapRef.name: other - targets: a ConfigMap of the tree - render it beside the workload',
    ],
  ],
  [
    'duplicates',
    'one object in two files',
    configMap,
    [JsonPatch.replace('/apiVersion', 'apps/v1beta1'), JsonPatch.replace('/kind', 'Deployment')],
    [
      'error[E_DUPLICATE_RESOURCE] apps/Deployment prod/goserver: environments/prod/goserver/configmap-goserver.yaml and environments/prod/goserver/deployment-goserver.yaml - duplicates: in one file - remove one of the files',
    ],
  ],
  [
    'file-names',
    'a file named otherwise',
    service,
    [JsonPatch.replace('/metadata/name', 'other')],
    ['#metadata.name: other - file-names: in environments/prod/goserver/service-other.yaml - move the file, or rename the object'],
  ],
  [
    'file-names',
    'a project named otherwise',
    project,
    [JsonPatch.replace('/metadata/name', 'other')],
    ['#metadata.name: other - file-names: in argocd/projects/other.yaml - move the file, or rename the object'],
  ],
];

it.each(cases)('%s refuses %s', (rule, _, path, patches, expected) => {
  expect(messages(rule, changed(path, ...patches), path)).toEqual(expected);
});
