import { JsonPatch } from 'cdk8s';
import { expect, it } from 'vitest';
import { type Case, changed, messages } from './changed.ts';

const deployment = 'environments/prod/goserver/deployment-goserver.yaml';
const serviceAccount = 'environments/prod/goserver/serviceaccount-goserver.yaml';
const scaledDeployment = 'environments/prod/nodeserver/deployment-nodeserver.yaml';
const budget = 'environments/prod/goserver/poddisruptionbudget-goserver.yaml';
const pod = '/spec/template/spec';
const container = `${pod}/containers/0`;

const cases: Case[] = [
  [
    'pinned-images',
    'an image by tag',
    deployment,
    [JsonPatch.replace(`${container}/image`, 'goserver:1a2b')],
    [
      '#spec.template.spec.containers[0].image: goserver:1a2b - pinned-images: name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest - pin the image by the digest that the registry reports',
    ],
  ],
  [
    'pinned-images',
    'the latest image, pinned',
    deployment,
    [JsonPatch.replace(`${container}/image`, `goserver:latest@sha256:${'1'.repeat(64)}`)],
    [
      '#spec.template.spec.containers[0].image: goserver:latest@sha256:1111111111111111111111111111111111111111111111111111111111111111 - pinned-images: name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest - pin the image by the digest that the registry reports',
    ],
  ],
  [
    'pinned-images',
    'an init container by tag',
    deployment,
    [JsonPatch.add(`${pod}/initContainers`, [{ name: 'init', image: 'busybox' }])],
    [
      '#spec.template.spec.initContainers[0].image: busybox - pinned-images: name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest - pin the image by the digest that the registry reports',
    ],
  ],
  [
    'pinned-images',
    'no image',
    deployment,
    [JsonPatch.remove(`${container}/image`)],
    [
      '#spec.template.spec.containers[0].image: - pinned-images: name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest - pin the image by the digest that the registry reports',
    ],
  ],
  [
    'image-pull-policy',
    'Always',
    deployment,
    [JsonPatch.replace(`${container}/imagePullPolicy`, 'Always')],
    ['#spec.template.spec.containers[0].imagePullPolicy: Always - image-pull-policy: IfNotPresent - set IfNotPresent'],
  ],
  [
    'image-pull-policy',
    'no pull policy',
    deployment,
    [JsonPatch.remove(`${container}/imagePullPolicy`)],
    ['#spec.template.spec.containers[0].imagePullPolicy: - image-pull-policy: IfNotPresent - set IfNotPresent'],
  ],
  [
    'resource-limits',
    'no limits at all',
    deployment,
    [JsonPatch.remove(`${container}/resources/limits`)],
    [
      '#spec.template.spec.containers[0].resources.limits.cpu: - resource-limits: a CPU quantity above 0: cores such as 2 or 0.5, or millicores such as 250m, at most 6 digits - write it like 250m',
      '#spec.template.spec.containers[0].resources.limits.ephemeral-storage: - resource-limits: a memory quantity above 0: a whole number of Mi or Gi such as 128Mi, at most 6 digits - write it like 128Mi',
      '#spec.template.spec.containers[0].resources.limits.memory: - resource-limits: a memory quantity above 0: a whole number of Mi or Gi such as 128Mi, at most 6 digits - write it like 128Mi',
    ],
  ],
  [
    'resource-limits',
    'no request of disk',
    deployment,
    [JsonPatch.remove(`${container}/resources/requests/ephemeral-storage`)],
    [
      '#spec.template.spec.containers[0].resources.requests.ephemeral-storage: - resource-limits: a memory quantity above 0: a whole number of Mi or Gi such as 128Mi, at most 6 digits - write it like 128Mi',
    ],
  ],
  [
    'resource-limits',
    'memory in milli-bytes',
    deployment,
    [JsonPatch.replace(`${container}/resources/limits/memory`, '128m')],
    [
      '#spec.template.spec.containers[0].resources.limits.memory: 128m - resource-limits: a memory quantity above 0: a whole number of Mi or Gi such as 128Mi, at most 6 digits - write it like 128Mi',
    ],
  ],
  [
    'resource-limits',
    'a request over its limit',
    deployment,
    [JsonPatch.replace(`${container}/resources/requests/cpu`, '2')],
    [
      '#spec.template.spec.containers[0].resources.requests.cpu: 2 - resource-limits: at most the limit, which is 250m - lower the request or raise the limit',
    ],
  ],
  [
    'security-context',
    'a root pod',
    deployment,
    [JsonPatch.replace(`${pod}/securityContext/runAsNonRoot`, false)],
    ['#spec.template.spec.securityContext.runAsNonRoot: false - security-context: true - set true'],
  ],
  [
    'security-context',
    'a user of the node',
    deployment,
    [JsonPatch.replace(`${pod}/securityContext/runAsUser`, 1000)],
    ['#spec.template.spec.securityContext.runAsUser: 1000 - security-context: 10000 or more - set 10000 or more'],
  ],
  [
    'security-context',
    'no seccomp profile',
    deployment,
    [JsonPatch.remove(`${pod}/securityContext/seccompProfile`)],
    ['#spec.template.spec.securityContext.seccompProfile.type: - security-context: RuntimeDefault - set RuntimeDefault'],
  ],
  [
    'security-context',
    'an unconfined container',
    deployment,
    [JsonPatch.add(`${container}/securityContext/seccompProfile`, { type: 'Unconfined' })],
    ['#spec.template.spec.containers[0].securityContext.seccompProfile.type: Unconfined - security-context: that of the pod - remove it'],
  ],
  [
    'security-context',
    'a privileged container',
    deployment,
    [JsonPatch.replace(`${container}/securityContext/privileged`, true)],
    ['#spec.template.spec.containers[0].securityContext.privileged: true - security-context: false - set false'],
  ],
  [
    'security-context',
    'privilege escalation',
    deployment,
    [JsonPatch.replace(`${container}/securityContext/allowPrivilegeEscalation`, true)],
    ['#spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation: true - security-context: false - set false'],
  ],
  [
    'security-context',
    'a writable root file system',
    deployment,
    [JsonPatch.remove(`${container}/securityContext/readOnlyRootFilesystem`)],
    ['#spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem: - security-context: true - set true'],
  ],
  [
    'security-context',
    'capabilities kept',
    deployment,
    [JsonPatch.remove(`${container}/securityContext/capabilities/drop`)],
    ['#spec.template.spec.containers[0].securityContext.capabilities.drop: - security-context: ["ALL"] - set ["ALL"]'],
  ],
  [
    'security-context',
    'capabilities added',
    deployment,
    [JsonPatch.add(`${container}/securityContext/capabilities/add`, ['NET_ADMIN'])],
    ['#spec.template.spec.containers[0].securityContext.capabilities.add: ["NET_ADMIN"] - security-context: nothing - remove it'],
  ],
  [
    'security-context',
    'a container that runs as root',
    deployment,
    [JsonPatch.add(`${container}/securityContext/runAsUser`, 0)],
    ['#spec.template.spec.containers[0].securityContext.runAsUser: 0 - security-context: 10000 or more, or that of the pod - remove it'],
  ],
  [
    'security-context',
    'no security context at all',
    deployment,
    [JsonPatch.remove(`${container}/securityContext`)],
    [
      '#spec.template.spec.containers[0].securityContext.allowPrivilegeEscalation: - security-context: false - set false',
      '#spec.template.spec.containers[0].securityContext.capabilities.drop: - security-context: ["ALL"] - set ["ALL"]',
      '#spec.template.spec.containers[0].securityContext.privileged: - security-context: false - set false',
      '#spec.template.spec.containers[0].securityContext.readOnlyRootFilesystem: - security-context: true - set true',
      '#spec.template.spec.containers[0].securityContext.runAsNonRoot: - security-context: true - set true',
    ],
  ],
  [
    'host-access',
    'the network of the node',
    deployment,
    [JsonPatch.add(`${pod}/hostNetwork`, true)],
    ['#spec.template.spec.hostNetwork: true - host-access: false - remove it'],
  ],
  [
    'host-access',
    'the processes of the node',
    deployment,
    [JsonPatch.add(`${pod}/hostPID`, true)],
    ['#spec.template.spec.hostPID: true - host-access: false - remove it'],
  ],
  [
    'host-access',
    'a port of the node',
    deployment,
    [JsonPatch.add(`${container}/ports/0/hostPort`, 80)],
    ['#spec.template.spec.containers[0].ports[0].hostPort: 80 - host-access: none - remove it'],
  ],
  [
    'host-access',
    'a path of the node',
    deployment,
    [JsonPatch.add(`${pod}/volumes`, [{ name: 'a', hostPath: { path: '/' } }])],
    [
      '#spec.template.spec.volumes[0]: hostPath - host-access: one of configMap, csi, downwardAPI, emptyDir, ephemeral, persistentVolumeClaim, projected, secret - remove it',
    ],
  ],
  [
    'host-access',
    'unbounded scratch space',
    deployment,
    [JsonPatch.add(`${pod}/volumes`, [{ name: 'a', emptyDir: {} }])],
    ['#spec.template.spec.volumes[0].emptyDir.sizeLimit: - host-access: is set - set a size'],
  ],
  [
    'host-access',
    'kernel settings',
    deployment,
    [JsonPatch.add(`${pod}/securityContext/sysctls`, [{ name: 'a', value: '1' }])],
    ['#spec.template.spec.securityContext.sysctls: [{"name":"a","value":"1"}] - host-access: none - remove it'],
  ],
  [
    'host-access',
    'all of /proc',
    deployment,
    [JsonPatch.add(`${container}/securityContext/procMount`, 'Unmasked')],
    ['#spec.template.spec.containers[0].securityContext.procMount: Unmasked - host-access: Default - remove it'],
  ],
  [
    'host-access',
    'a probe of another host',
    deployment,
    [JsonPatch.add(`${container}/livenessProbe/httpGet/host`, '10.0.0.1')],
    ['#spec.template.spec.containers[0].livenessProbe.httpGet.host: 10.0.0.1 - host-access: none, so the pod itself - remove it'],
  ],
  [
    'service-accounts',
    'a token in the pod',
    deployment,
    [JsonPatch.replace(`${pod}/automountServiceAccountToken`, true)],
    ['#spec.template.spec.automountServiceAccountToken: true - service-accounts: false - set false'],
  ],
  [
    'service-accounts',
    'service links',
    deployment,
    [JsonPatch.remove(`${pod}/enableServiceLinks`)],
    ['#spec.template.spec.enableServiceLinks: - service-accounts: false - set false'],
  ],
  [
    'service-accounts',
    'the default account',
    deployment,
    [JsonPatch.replace(`${pod}/serviceAccountName`, 'default')],
    ['#spec.template.spec.serviceAccountName: default - service-accounts: an account of its own - name one'],
  ],
  [
    'service-accounts',
    'an account that is not there',
    deployment,
    [JsonPatch.replace(`${pod}/serviceAccountName`, 'other')],
    [
      'error[E_REFERENCE] #spec.template.spec.serviceAccountName: other - service-accounts: a ServiceAccount of the tree - render it beside the workload',
    ],
  ],
  [
    'service-accounts',
    'a projected token',
    deployment,
    [JsonPatch.add(`${pod}/volumes`, [{ name: 'a', projected: { sources: [{ serviceAccountToken: { path: 't' } }] } }])],
    [
      '#spec.template.spec.volumes: [{"name":"a","projected":{"sources":[{"serviceAccountToken":{"path":"t"}}]}}] - service-accounts: no token by way of a volume - remove the projected token',
    ],
  ],
  [
    'service-accounts',
    'an account with a token',
    serviceAccount,
    [JsonPatch.remove('/automountServiceAccountToken')],
    ['#automountServiceAccountToken: - service-accounts: false - set false'],
  ],
  [
    'probes',
    'no liveness probe',
    deployment,
    [JsonPatch.remove(`${container}/livenessProbe`)],
    ['#spec.template.spec.containers[0].livenessProbe: - probes: is set - add the probe'],
  ],
  [
    'probes',
    'no startup probe',
    deployment,
    [JsonPatch.remove(`${container}/startupProbe`)],
    ['#spec.template.spec.containers[0].startupProbe: - probes: is set - add the probe'],
  ],
  [
    'probes',
    'one question for both',
    deployment,
    [JsonPatch.replace(`${container}/readinessProbe/httpGet/path`, '/healthz')],
    [
      '#spec.template.spec.containers[0].readinessProbe: {"failureThreshold":2,"httpGet":{"path":"/healthz","port":"http"},"periodSeconds":5,"timeoutSeconds":2} - probes: differs from livenessProbe - ask readiness on a path of its own',
    ],
  ],
  [
    'probes',
    'an undeclared port',
    deployment,
    [JsonPatch.replace(`${container}/readinessProbe/httpGet/port`, 'metrics')],
    [
      '#spec.template.spec.containers[0].readinessProbe.httpGet.port: metrics - probes: a port that the container declares - declare it, or correct the name',
    ],
  ],
  [
    'probes',
    'a timeout over the period',
    deployment,
    [JsonPatch.replace(`${container}/livenessProbe/timeoutSeconds`, 11)],
    ['#spec.template.spec.containers[0].livenessProbe.timeoutSeconds: 11 - probes: at most periodSeconds, which is 10 - lower it'],
  ],
  [
    'probes',
    'a probe that asks nothing',
    deployment,
    [JsonPatch.remove(`${container}/startupProbe/httpGet`)],
    [
      '#spec.template.spec.containers[0].startupProbe: {"failureThreshold":30,"periodSeconds":1,"timeoutSeconds":1} - probes: asks by httpGet, tcpSocket, exec or grpc - say what to ask',
    ],
  ],
  [
    'rollout',
    'all pods at once',
    deployment,
    [JsonPatch.replace('/spec/strategy', { type: 'Recreate' })],
    [
      '#spec.strategy.rollingUpdate.maxUnavailable: - rollout: 0 - set 0',
      '#spec.strategy.type: Recreate - rollout: RollingUpdate - set RollingUpdate',
    ],
  ],
  [
    'rollout',
    'pods missing meanwhile',
    deployment,
    [JsonPatch.replace('/spec/strategy/rollingUpdate/maxUnavailable', 1)],
    ['#spec.strategy.rollingUpdate.maxUnavailable: 1 - rollout: 0 - set 0'],
  ],
  [
    'rollout',
    'no way back',
    deployment,
    [JsonPatch.replace('/spec/revisionHistoryLimit', 0)],
    ['#spec.revisionHistoryLimit: 0 - rollout: 1 to 10 - keep a few'],
  ],
  [
    'rollout',
    'no time to end',
    deployment,
    [JsonPatch.remove(`${pod}/terminationGracePeriodSeconds`)],
    [
      '#spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds: 5 - rollout: more than 0 and less than terminationGracePeriodSeconds: endpoints vanish later than the signal comes - set a few seconds',
      '#spec.template.spec.terminationGracePeriodSeconds: - rollout: is set - set it',
    ],
  ],
  [
    'rollout',
    'no time to drain',
    deployment,
    [JsonPatch.remove(`${container}/lifecycle`)],
    [
      '#spec.template.spec.containers[0].lifecycle.preStop.sleep.seconds: - rollout: more than 0 and less than terminationGracePeriodSeconds: endpoints vanish later than the signal comes - set a few seconds',
    ],
  ],
  [
    'rollout',
    'settings that do not roll',
    deployment,
    [JsonPatch.remove('/spec/template/metadata/annotations')],
    [
      '#spec.template.metadata.annotations: - rollout: contains checksum/config: pods read a ConfigMap only at their start - add the checksum',
    ],
  ],
  [
    'availability',
    'replicas out of range',
    deployment,
    [JsonPatch.replace('/spec/replicas', 1)],
    ["#spec.replicas: 1 - availability: a whole number from 2 to 20 - stay within the environment's range, or widen it"],
  ],
  [
    'availability',
    'no replicas',
    deployment,
    [JsonPatch.remove('/spec/replicas')],
    ["#spec.replicas: - availability: a whole number from 2 to 20 - stay within the environment's range, or widen it"],
  ],
  [
    'availability',
    'two owners of the replicas',
    scaledDeployment,
    [JsonPatch.add('/spec/replicas', 2)],
    [
      '#spec.replicas: 2 - availability: left out: environments/prod/nodeserver/horizontalpodautoscaler-nodeserver.yaml decides - remove it',
    ],
  ],
  [
    'availability',
    'pods not spread',
    deployment,
    [JsonPatch.remove(`${pod}/topologySpreadConstraints/0`)],
    [
      '#spec.template.spec.topologySpreadConstraints: - availability: with two pods or more they are spread by kubernetes.io/hostname - add a constraint',
    ],
  ],
  [
    'availability',
    'a budget that blocks drains',
    budget,
    [JsonPatch.replace('/spec/maxUnavailable', 0)],
    ['#spec.maxUnavailable: 0 - availability: 1 - set 1'],
  ],
  [
    'availability',
    'a budget of other pods',
    budget,
    [JsonPatch.replace('/spec/selector/matchLabels/app.kubernetes.io~1name', 'other')],
    [
      'environments/prod/goserver/deployment-goserver.yaml#spec.replicas: - availability: with two pods or more a PodDisruptionBudget selects them - add one',
    ],
  ],
  [
    'availability',
    'a budget that broken pods block',
    budget,
    [JsonPatch.remove('/spec/unhealthyPodEvictionPolicy')],
    ['#spec.unhealthyPodEvictionPolicy: - availability: AlwaysAllow - set AlwaysAllow'],
  ],
];

it.each(cases)('%s refuses %s', (rule, _, path, patches, expected) => {
  expect(messages(rule, changed(path, ...patches), path)).toEqual(expected);
});
