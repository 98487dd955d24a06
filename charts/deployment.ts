// biome-ignore lint/style/noRestrictedImports: a hash is a pure function of its input
import { createHash } from 'node:crypto';
import { JsonPatch } from 'cdk8s';
import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { Probe, Resources, Service, ServiceSettings } from './environment.ts';
import { drainSeconds, hasEnv } from './settings.ts';

/** What a Deployment of one service is made of. */
export interface DeploymentProps {
  readonly service: Service;
  readonly settings: ServiceSettings;
  /** Pinned reference; a placeholder in the kustomize layout. */
  readonly image: string;
  /** Source commit the image was built at; the pod reads it as `APP_COMMIT`. */
  readonly commit: string;
  /** Labels of the pods. */
  readonly labels: Readonly<Record<string, string>>;
  /** Labels that select the pods: never to change, they are immutable in the cluster. */
  readonly selector: Readonly<Record<string, string>>;
}

/** The user that distroless images call `nonroot`; over 10000, so it is no user of the node. */
const nonRoot = 65532;

/** Deployment that meets the Pod Security Standard `restricted` and replaces pods one by one without an outage. */
export class Deployment extends k8s.KubeDeployment {
  constructor(scope: Construct, id: string, props: DeploymentProps) {
    const { service, settings, labels, selector } = props;
    super(scope, id, {
      metadata: { name: service.name },
      spec: {
        replicas: settings.autoscaling ? undefined : settings.replicas,
        revisionHistoryLimit: 5,
        progressDeadlineSeconds: 300,
        selector: { matchLabels: { ...selector } },
        strategy: {
          type: 'RollingUpdate',
          rollingUpdate: { maxSurge: k8s.IntOrString.fromNumber(1), maxUnavailable: k8s.IntOrString.fromNumber(0) },
        },
        template: { metadata: { labels: { ...labels }, annotations: checksum(settings.env) }, spec: podSpec(props) },
      },
    });
  }

  /** Adds what Kubernetes has learnt since 1.27: the typed serialiser of cdk8s-plus-27 drops fields it doesn't know. */
  override toJson(): unknown {
    const lifecycle = { preStop: { sleep: { seconds: drainSeconds } } };
    return JsonPatch.apply(super.toJson(), JsonPatch.add('/spec/template/spec/containers/0/lifecycle', lifecycle));
  }
}

function podSpec(props: DeploymentProps): k8s.PodSpec {
  const { service, selector } = props;
  return {
    serviceAccountName: service.name,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: service.terminationGracePeriodSeconds,
    securityContext: {
      runAsNonRoot: true,
      runAsUser: nonRoot,
      runAsGroup: nonRoot,
      fsGroup: nonRoot,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
      maxSkew: 1,
      topologyKey,
      whenUnsatisfiable: 'ScheduleAnyway',
      labelSelector: { matchLabels: { ...selector } },
      matchLabelKeys: ['pod-template-hash'],
    })),
    containers: [container(props)],
  };
}

function container({ service, settings, image, commit }: DeploymentProps): k8s.Container {
  return {
    name: service.name,
    image,
    // a digest can't move, so what is present is right: pods restart while the registry is away (instead of checkov CKV_K8S_15)
    imagePullPolicy: 'IfNotPresent',
    ports: [{ name: 'http', containerPort: service.port, protocol: 'TCP' }],
    env: [{ name: 'APP_COMMIT', value: commit }],
    envFrom: hasEnv(settings) ? [{ configMapRef: { name: service.name } }] : undefined,
    resources: resources(settings.resources),
    startupProbe: probe(service.probes.startup),
    readinessProbe: probe(service.probes.readiness),
    livenessProbe: probe(service.probes.liveness),
    securityContext: {
      allowPrivilegeEscalation: false,
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
  };
}

/** Pods read a ConfigMap once, at their start: the checksum in the template replaces them when it changes. */
function checksum(env: Readonly<Record<string, string>>): Record<string, string> | undefined {
  const entries = Object.entries(env).sort(([a], [b]) => (a < b ? -1 : 1));
  if (entries.length === 0) return undefined;
  return { 'checksum/config': createHash('sha256').update(JSON.stringify(entries)).digest('hex') };
}

function probe({ path, periodSeconds, timeoutSeconds, failureThreshold }: Probe): k8s.Probe {
  return { httpGet: { path, port: k8s.IntOrString.fromString('http') }, periodSeconds, timeoutSeconds, failureThreshold };
}

function resources({ cpu, memory, ephemeralStorage }: Resources): k8s.ResourceRequirements {
  const amounts = (bound: 'request' | 'limit') => ({
    cpu: k8s.Quantity.fromString(cpu[bound]),
    memory: k8s.Quantity.fromString(memory[bound]),
    'ephemeral-storage': k8s.Quantity.fromString(ephemeralStorage[bound]),
  });
  return { requests: amounts('request'), limits: amounts('limit') };
}
