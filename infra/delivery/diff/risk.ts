import type { KubernetesObject } from '../../../charts/environment.ts';
import { type Action, byRisk, type Change, type Identity, type Risk } from './change.ts';
import { type FieldDifference, partsOf } from './fields.ts';

/** A risk and why it is one. */
export interface Assessment {
  readonly risk: Risk;
  readonly reason?: string;
}

interface ObjectRule extends Assessment {
  readonly action: Action;
  /** Kinds it holds for. @default every kind */
  readonly kinds?: RegExp;
  /** What must be true of the object. @default nothing */
  readonly when?: (object: KubernetesObject) => boolean;
}

interface FieldRule extends Assessment {
  /** Kinds it holds for. @default every kind */
  readonly kinds?: RegExp;
  readonly path: RegExp;
  /** What must be true of the two values. @default nothing */
  readonly when?: (difference: FieldDifference) => boolean;
}

const rbac = /^(Cluster)?Role(Binding)?$/;
const workload = /^(Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob|Pod)$/;

/** The first that fits decides. */
const objectRules: readonly ObjectRule[] = [
  { action: 'removed', kinds: /^Namespace$/, risk: 'high', reason: 'deletes everything in the namespace' },
  { action: 'removed', kinds: /^(PersistentVolumeClaim|PersistentVolume|StatefulSet)$/, risk: 'high', reason: 'deletes data' },
  { action: 'removed', kinds: /^CustomResourceDefinition$/, risk: 'high', reason: 'deletes every object of this kind' },
  { action: 'removed', kinds: /^(ResourceQuota|LimitRange)$/, risk: 'high', reason: 'removes a bound' },
  { action: 'removed', kinds: /^NetworkPolicy$/, when: deniesAll, risk: 'high', reason: 'opens the network' },
  { action: 'removed', kinds: /^Application$/, when: cascades, risk: 'high', reason: 'deletes what it has applied' },
  { action: 'removed', kinds: /^Application$/, risk: 'medium', reason: 'leaves what it has applied without an owner' },
  { action: 'removed', risk: 'medium', reason: 'is deleted in the cluster' },
  { action: 'renamed', risk: 'high', reason: 'another object to the cluster: the old one is deleted' },
  { action: 'added', kinds: rbac, risk: 'high', reason: 'grants rights' },
  { action: 'added', kinds: /^AppProject$/, risk: 'medium', reason: 'lets Argo CD apply more' },
];

const isGone = ({ after }: FieldDifference) => after === undefined;
const isNew = ({ before }: FieldDifference) => before === undefined;
const becomes =
  (...values: readonly unknown[]) =>
  ({ after }: FieldDifference) =>
    values.includes(after);
const falls = ({ before, after }: FieldDifference) => typeof before === 'number' && typeof after === 'number' && after < before;

/** The first that fits decides. */
const fieldRules: readonly FieldRule[] = [
  { kinds: workload, path: /^spec\.selector\b/, risk: 'high', reason: 'immutable: the cluster refuses the change' },
  { kinds: /^Service$/, path: /^spec\.selector\b/, risk: 'high', reason: 'sends traffic to other pods' },
  { kinds: workload, path: /^spec\.replicas$/, when: becomes(0), risk: 'high', reason: 'stops every pod' },
  { path: /^spec\.(replicas|minReplicas|maxReplicas)$/, when: falls, risk: 'medium', reason: 'fewer pods' },
  { path: /\.(readiness|liveness|startup)Probe$/, when: isGone, risk: 'high', reason: 'probe removed' },
  { path: /\.image$/, when: ({ after }) => !isPinned(after), risk: 'high', reason: 'image without digest' },
  { kinds: /^Kustomization$/, path: /^images\[.+\]\.digest$/, when: isGone, risk: 'high', reason: 'image without digest' },
  ...[/\.privileged$/, /\.host(Network|PID|IPC)$/].map((path) => weakened(path, becomes(true))),
  ...[/\.allowPrivilegeEscalation$/, /\bautomountServiceAccountToken$/].map((path) => weakened(path, becomes(true, undefined))),
  ...[/\.runAsNonRoot$/, /\.readOnlyRootFilesystem$/].map((path) => weakened(path, becomes(false, undefined))),
  weakened(/\.runAsUser$/, becomes(0, undefined)),
  weakened(/\.(securityContext|seccompProfile|capabilities)$/, isGone),
  weakened(/\.seccompProfile\.type$/, becomes('Unconfined')),
  weakened(/\.capabilities\.(add\b.*)$/, ({ after }) => after !== undefined),
  weakened(/\.capabilities\.drop\b/, isGone),
  weakened(/\.hostPath\b/, ({ after }) => after !== undefined),
  weakened(/^metadata\.labels\["pod-security\.kubernetes\.io\/enforce"\]$/, ({ after }) => after !== 'restricted'),
  { kinds: rbac, path: /^(rules|subjects|roleRef)\b/, when: ({ after }) => after !== undefined, risk: 'high', reason: 'wider rights' },
  {
    kinds: /^AppProject$/,
    path: /^spec\.namespaceResourceWhitelist\b(?!.*\*)/,
    when: isNew,
    risk: 'medium',
    reason: 'Argo CD may apply one kind more',
  },
  {
    kinds: /^AppProject$/,
    path: /^spec\.(\w+Whitelist|destinations|sourceRepos|sourceNamespaces|roles)\b/,
    when: isNew,
    risk: 'high',
    reason: 'wider rights',
  },
  { kinds: /^AppProject$/, path: /^spec\.\w+Blacklist\b/, when: isGone, risk: 'high', reason: 'wider rights' },
  {
    kinds: /^Application$/,
    path: /^spec\.(destination|project|source\.(repoURL|path|targetRevision))\b/,
    risk: 'high',
    reason: 'points elsewhere',
  },
  { kinds: /^NetworkPolicy$/, path: /^spec\b/, risk: 'medium', reason: 'other network traffic is let through' },
  { path: /\.resources\.limits\b/, when: isGone, risk: 'medium', reason: 'limit removed' },
  { path: /^apiVersion$/, risk: 'medium', reason: 'another version of the API' },
];

function weakened(path: RegExp, when: (difference: FieldDifference) => boolean): FieldRule {
  return { path, when, risk: 'high', reason: 'security weakened' };
}

/** The risk that lies in what happens to an object as a whole. */
export function objectRisk(action: Action, object: KubernetesObject): Assessment {
  const rule = objectRules.find(
    (candidate) => candidate.action === action && (candidate.kinds?.test(object.kind) ?? true) && (candidate.when?.(object) ?? true),
  );
  return rule ? { risk: rule.risk, reason: rule.reason } : { risk: 'low' };
}

/** The risk that lies in one field; in what is wholly new, the highest that lies in a part of it. */
export function fieldRisk({ kind }: Identity, difference: FieldDifference): Assessment {
  const rules = fieldRules.filter(({ kinds }) => kinds?.test(kind) ?? true);
  const assessments = partsOf(difference).flatMap((part): Assessment[] => {
    const rule = rules.find(({ path, when }) => path.test(part.path) && (when?.(part) ?? true));
    return rule ? [{ risk: rule.risk, reason: rule.reason }] : [];
  });
  return assessments.sort(byRisk)[0] ?? { risk: 'low' };
}

/** Whether pods are replaced: their template changed. */
export function replacesPods({ action, identity, fields }: Change): boolean {
  return action === 'changed' && workload.test(identity.kind) && fields.some(({ path }) => /^spec\.(template|jobTemplate)\b/.test(path));
}

/** A policy that lets nothing through is what closes the network. */
function deniesAll({ spec }: KubernetesObject): boolean {
  const { ingress, egress } = (spec ?? {}) as { ingress?: unknown; egress?: unknown };
  return [ingress, egress].every((rules) => rules === undefined || (Array.isArray(rules) && rules.length === 0));
}

function cascades({ metadata }: KubernetesObject): boolean {
  return metadata.finalizers?.some((finalizer) => finalizer.startsWith('resources-finalizer.argocd.argoproj.io')) ?? false;
}

function isPinned(image: unknown): boolean {
  return typeof image === 'string' && /@sha256:[0-9a-f]{64}$/.test(image);
}
