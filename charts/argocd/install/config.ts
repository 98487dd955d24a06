import type { KubernetesObject } from '../../environment.ts';
import type { ArgoCdInstall, ConfigMapName, ResourceExclusion } from './settings.ts';

/** What the ConfigMaps hold besides what the manifest puts there. */
export type ConfigData = Readonly<Record<ConfigMapName, Readonly<Record<string, string>>>>;

/** Key of argocd-cm that the manifest fills too; ours are added to its list. */
export const exclusionsKey = 'resource.exclusions';

/**
 * Health of an Application as Argo CD itself sees it. Without, an Application of Applications does not wait for one wave to be healthy
 * before it starts the next. Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/health/#argocd-app
 */
const applicationHealth = `hs = { status = "Progressing", message = "" }
if obj.status ~= nil and obj.status.health ~= nil then
  hs.status = obj.status.health.status
  if obj.status.health.message ~= nil then
    hs.message = obj.status.health.message
  end
end
return hs
`;

/** Everything that the ConfigMaps hold of ours: what the settings and our own rules say, and the further keys of the settings. */
export function configData(install: ArgoCdInstall): ConfigData {
  const typed = typedData(install);
  const merge = (name: ConfigMapName) => ({ ...typed[name], ...install.config[name] });
  return {
    'argocd-cm': merge('argocd-cm'),
    'argocd-cmd-params-cm': merge('argocd-cmd-params-cm'),
    'argocd-rbac-cm': merge('argocd-rbac-cm'),
  };
}

/** What the settings and our own rules say. */
export function typedData(install: ArgoCdInstall): ConfigData {
  return { 'argocd-cm': general(install), 'argocd-cmd-params-cm': parameters(install), 'argocd-rbac-cm': accessControl(install) };
}

/** A ConfigMap of the manifest with its data; others are left alone. */
export function configure(object: KubernetesObject, data: ConfigData): KubernetesObject {
  const { name } = object.metadata;
  if (object.kind !== 'ConfigMap' || !Object.hasOwn(data, name)) return object;
  const official = (object as { readonly data?: Readonly<Record<string, string>> }).data ?? {};
  const added = { ...data[name as ConfigMapName] };
  const list = official[exclusionsKey];
  if (added[exclusionsKey] !== undefined && list !== undefined) added[exclusionsKey] = `${list.trimEnd()}\n${added[exclusionsKey]}`;
  return { ...object, data: { ...official, ...added } };
}

/** argocd-cm. Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/argocd-cm-yaml/ */
function general(install: ArgoCdInstall): Record<string, string> {
  return {
    'admin.enabled': String(install.admin),
    // an annotation can't be cut short or copied by other tools the way the label can
    'application.resourceTrackingMethod': 'annotation',
    // who may sync may not thereby choose another revision
    'application.sync.requireOverridePrivilegeForRevisionSync': 'true',
    // no shell in pods through the web page
    'exec.enabled': 'false',
    'helm.enable': 'false',
    'jsonnet.enable': 'false',
    'kustomize.enable': String(install.kustomize),
    'resource.customizations.health.argoproj.io_Application': applicationHealth,
    [exclusionsKey]: install.exclusions.map(listItem).join(''),
    // the badge answers without a login
    'statusbadge.enabled': 'false',
    'timeout.reconciliation': `${install.reconciliation.seconds}s`,
    'timeout.reconciliation.jitter': `${install.reconciliation.jitterSeconds}s`,
    'users.anonymous.enabled': 'false',
    'users.session.duration': `${install.sessionHours}h`,
    ...(install.installationId !== undefined && { installationID: install.installationId }),
  };
}

/** argocd-cmd-params-cm. Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/argocd-cmd-params-cm-yaml/ */
function parameters(install: ArgoCdInstall): Record<string, string> {
  return {
    // compares by asking the API server what an apply would do, so defaults and webhooks are no difference
    'controller.diff.server.side': 'true',
    'controller.kubectl.parallelism.limit': String(install.controller.kubectlParallelism),
    'controller.operation.processors': String(install.controller.operationProcessors),
    // an edit by hand is undone within seconds, the tenth like the first; by default Argo CD waits longer each time, up to 5 minutes
    'controller.self.heal.backoff.cap.seconds': '5',
    'controller.status.processors': String(install.controller.statusProcessors),
    'reposerver.allow.oob.symlinks': 'false',
    // the rendered tree has none, and they would be fetched from anywhere
    'reposerver.enable.git.submodule': 'false',
    'reposerver.tls.minversion': '1.2',
    'server.disable.auth': 'false',
    'server.enable.proxy.extension': 'false',
    'server.insecure': 'false',
    // replacing deletes first, which takes workloads down
    'server.sync.replace.allowed': 'false',
    'server.tls.minversion': '1.2',
    ...(install.parts.applicationSets && applicationSets),
    ...(install.repoServerAccess === 'mutualTls' && verification(install)),
  };
}

/** A generator that comes out empty must not delete Applications, and none may carry tokens to hosts of its choice. */
const applicationSets: Readonly<Record<string, string>> = {
  'applicationsetcontroller.enable.git.submodule': 'false',
  'applicationsetcontroller.enable.scm.providers': 'false',
  'applicationsetcontroller.enable.tokenref.strict.mode': 'true',
  'applicationsetcontroller.policy': 'create-update',
};

/** Certificate of the authority where the manifest mounts the Secret `argocd-repo-server-mtls`. */
const authorityPath = '/app/config/reposerver/mtls/server-ca.crt';

function verification({ parts }: ArgoCdInstall): Record<string, string> {
  const clients = [
    'controller',
    'server',
    ...(parts.applicationSets ? ['applicationsetcontroller'] : []),
    ...(parts.notifications ? ['notificationscontroller'] : []),
  ];
  return Object.fromEntries(clients.map((client) => [`${client}.repo.server.ca.cert.path`, authorityPath]));
}

/**
 * argocd-rbac-cm: nobody may do anything but what a project's roles grant.
 * Source: https://argo-cd.readthedocs.io/en/release-3.5/operator-manual/rbac/
 */
function accessControl({ defaultRole }: ArgoCdInstall): Record<string, string> {
  return { 'policy.csv': '', 'policy.default': defaultRole };
}

function listItem(exclusion: ResourceExclusion): string {
  return `- ${JSON.stringify(exclusion)}\n`;
}
