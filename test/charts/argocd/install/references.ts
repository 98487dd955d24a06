import { containersOf, isWorkload, type Workload } from '../../../../charts/argocd/install/workload.ts';
import type { KubernetesObject } from '../../../../charts/environment.ts';

type Labels = Readonly<Record<string, string>>;
type Selector = { readonly matchLabels?: Labels };

/** Made by the init container of Redis when nobody else does. */
const madeAtStart = 'argocd-redis';
/** Put on pods by the controller of StatefulSets. */
const podNameLabel = 'statefulset.kubernetes.io/pod-name';

/** Everything that an object names and that is not there: `Kind name -> Kind name`. Secrets count as there when their name is given. */
export function danglingReferences(objects: readonly KubernetesObject[], secrets: readonly string[]): string[] {
  const there = new Set(objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  for (const name of [...secrets, madeAtStart]) there.add(`Secret ${name}`);
  const pods = objects.filter(isWorkload).map(({ spec }) => spec.template.metadata.labels);
  return objects.flatMap((object) => {
    const named = [...namesIn(object)].filter((name) => !there.has(name));
    const selecting = selectorsIn(object).filter((selector) => !pods.some((labels) => selects(selector, labels)));
    const from = `${object.kind} ${object.metadata.name}`;
    return [...named, ...selecting.map((selector) => `pods ${JSON.stringify(selector)}`)].map((to) => `${from} -> ${to}`);
  });
}

function* namesIn(object: KubernetesObject): Generator<string> {
  if (isWorkload(object)) yield* namesInPod(object);
  const { roleRef, subjects = [] } = object as { roleRef?: { kind: string; name: string }; subjects?: { kind: string; name: string }[] };
  for (const { kind, name } of [...(roleRef ? [roleRef] : []), ...subjects]) yield `${kind} ${name}`;
}

function* namesInPod(workload: Workload): Generator<string> {
  const { serviceAccountName, volumes = [] } = workload.spec.template.spec;
  yield `ServiceAccount ${serviceAccountName}`;
  for (const { valueFrom } of containersOf(workload).flatMap(({ env = [] }) => env)) {
    if (valueFrom?.configMapKeyRef) yield `ConfigMap ${valueFrom.configMapKeyRef.name}`;
    if (valueFrom?.secretKeyRef) yield `Secret ${valueFrom.secretKeyRef.name}`;
  }
  for (const { name, configMap, secret } of volumes) {
    if (configMap) yield `ConfigMap ${configMap.name}`;
    if (secret && !secret.optional) yield `Secret ${secret.secretName}`;
    if (!containersOf(workload).some(({ volumeMounts = [] }) => volumeMounts.some((mount) => mount.name === name)))
      yield `mount of ${name}`;
  }
  for (const { volumeMounts = [] } of containersOf(workload))
    for (const mount of volumeMounts) if (!volumes.some(({ name }) => name === mount.name)) yield `volume ${mount.name}`;
}

/** By which pods are chosen, in Services, NetworkPolicies and PodDisruptionBudgets. */
function selectorsIn({ kind, spec }: KubernetesObject): Labels[] {
  if (kind === 'Service') return [(spec as { selector: Labels }).selector];
  if (kind === 'PodDisruptionBudget') return labelsOf([(spec as { selector: Selector }).selector]);
  if (kind !== 'NetworkPolicy') return [];
  const {
    podSelector,
    ingress = [],
    egress = [],
  } = spec as {
    podSelector: Selector;
    ingress?: { from?: { podSelector?: Selector }[] }[];
    egress?: { to?: { podSelector?: Selector }[] }[];
  };
  const peers = [...ingress.flatMap(({ from = [] }) => from), ...egress.flatMap(({ to = [] }) => to)];
  return labelsOf([podSelector, ...peers.flatMap((peer) => peer.podSelector ?? [])]);
}

function labelsOf(selectors: readonly Selector[]): Labels[] {
  return selectors.flatMap(({ matchLabels }) => (matchLabels ? [matchLabels] : []));
}

function selects(selector: Labels, labels: Labels): boolean {
  return Object.entries(selector).every(([key, value]) => key === podNameLabel || labels[key] === value);
}
