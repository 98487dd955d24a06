import { read } from '../../../charts/policy/read.ts';
import { violation } from '../../../charts/policy/rule.ts';
import { unknown } from '../../provider/value.ts';
import { type BootstrapRule, known } from '../declared.ts';

const roles = ['argocd-application-controller', 'argocd-applicationset-controller', 'argocd-server'];

/** What Argo CD's install has outside of a namespace. Source: manifests/install.yaml of its module. */
const clusterScoped: Readonly<Record<string, readonly string[]>> = {
  CustomResourceDefinition: ['applications.argoproj.io', 'applicationsets.argoproj.io', 'appprojects.argoproj.io'],
  ClusterRole: roles,
  ClusterRoleBinding: roles,
};

const fix = 'deliver it by the GitOps repository';

/** Only Argo CD is installed from here: no object in another namespace, none outside of namespaces but its own; all else comes from Git. */
export const argoCdNamespace: BootstrapRule = (declared, { namespace }) => {
  const { object, type } = declared;
  if (isSeveral(type)) {
    const must = 'one resource for each object: no policy sees the others';
    return [violation('argocd-namespace', declared, 'kind', object.kind, must, fix)];
  }
  const [given, name] = [read(object, 'metadata.namespace'), known(declared, 'metadata.name')];
  if (given === unknown || given === namespace) return [];
  const allowed = object.kind === 'Namespace' ? [namespace] : clusterScoped[object.kind];
  if (given === undefined && allowed) {
    if (name !== undefined && allowed.includes(name)) return [];
    const field = 'metadata.name';
    return [violation('argocd-namespace', declared, field, name, `of a ${object.kind}, one of ${allowed.join(', ')}`, fix)];
  }
  return [violation('argocd-namespace', declared, 'metadata.namespace', given, `Argo CD's, ${namespace}`, fix)];
};

/** True for types that stand for objects which are not resources themselves. */
function isSeveral(type: string): boolean {
  return type.startsWith('kubernetes:helm.sh/') || type.endsWith('List');
}
