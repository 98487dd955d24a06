import type { KubernetesObject } from '../../environment.ts';
import type { ArgoCdInstall, Part } from './settings.ts';
import { isWorkload, mapContainers, mapPod, type Workload } from './workload.ts';

const componentLabel = 'app.kubernetes.io/component';
const nameLabel = 'app.kubernetes.io/name';

/** What the manifest says of a part, in all its objects and in those of others. */
interface PartMarks {
  /** `app.kubernetes.io/component` of its objects. */
  readonly component: string;
  /** Keys of argocd-cmd-params-cm by which others are told about it. */
  readonly parameters?: string;
  /** Secret of its own that others mount. */
  readonly secret?: string;
}

const marks: Readonly<Record<Part, PartMarks>> = {
  dex: { component: 'dex-server', parameters: 'server.dex.', secret: 'argocd-dex-server-tls' },
  notifications: { component: 'notifications-controller' },
  applicationSets: { component: 'applicationset-controller' },
};

/** Parts that are switched off. */
export function partsOff({ parts }: ArgoCdInstall): Part[] {
  return (Object.keys(marks) as Part[]).filter((part) => !parts[part]);
}

/** True for an object that exists for the part alone; the CRDs belong to Argo CD as a whole, which reads all of them. */
export function belongsTo(part: Part, object: KubernetesObject): boolean {
  return object.metadata.labels?.[componentLabel] === marks[part].component;
}

/** The objects without a part: neither its own nor what others say about it. */
export function withoutPart(objects: readonly KubernetesObject[], part: Part): KubernetesObject[] {
  const own = objects.filter((object) => belongsTo(part, object));
  const pods = new Set(own.filter(isWorkload).map(({ spec }) => spec.template.metadata.labels[nameLabel]));
  return objects
    .filter((object) => !own.includes(object))
    .map((object) => {
      if (isWorkload(object)) return forget(object, marks[part]);
      return isNetworkPolicy(object) ? withoutPeers(object, pods) : object;
    });
}

function forget(workload: Workload, { parameters, secret }: PartMarks): Workload {
  const volumes = workload.spec.template.spec.volumes ?? [];
  const gone = new Set(volumes.filter((volume) => secret && volume.secret?.secretName === secret).map(({ name }) => name));
  const tells = (key: string | undefined) => parameters !== undefined && key?.startsWith(parameters) === true;
  const pruned = mapContainers(workload, (container) => ({
    ...container,
    ...(container.env && { env: container.env.filter(({ valueFrom }) => !tells(valueFrom?.configMapKeyRef?.key)) }),
    ...(container.volumeMounts && { volumeMounts: container.volumeMounts.filter(({ name }) => !gone.has(name)) }),
  }));
  if (gone.size === 0) return pruned;
  return mapPod(pruned, (pod) => ({ ...pod, volumes: volumes.filter(({ name }) => !gone.has(name)) }));
}

interface NetworkPolicy extends KubernetesObject {
  readonly spec: { readonly ingress?: readonly IngressRule[]; readonly [field: string]: unknown };
}

interface IngressRule {
  readonly from?: readonly { readonly podSelector?: { readonly matchLabels?: Readonly<Record<string, string>> } }[];
}

function isNetworkPolicy(object: KubernetesObject): object is NetworkPolicy {
  return object.kind === 'NetworkPolicy';
}

/** A rule for nobody but the pods that are gone goes too: with an empty `from` it would let everybody in. */
function withoutPeers(policy: NetworkPolicy, pods: ReadonlySet<string | undefined>): NetworkPolicy {
  if (!policy.spec.ingress) return policy;
  const ingress = policy.spec.ingress.flatMap((rule) => {
    const from = rule.from?.filter(({ podSelector }) => !pods.has(podSelector?.matchLabels?.[nameLabel] ?? ''));
    if (rule.from && from?.length === 0 && rule.from.length > 0) return [];
    return [from ? { ...rule, from } : rule];
  });
  return { ...policy, spec: { ...policy.spec, ingress } };
}
