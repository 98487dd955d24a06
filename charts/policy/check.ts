import type { Environment, ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { applicationFolders } from './application-folders.ts';
import { applications } from './applications.ts';
import { availability } from './availability.ts';
import { crdOrder } from './crd-order.ts';
import { duplicates } from './duplicates.ts';
import { fileNames } from './file-names.ts';
import { hostAccess } from './host-access.ts';
import { imagePullPolicy } from './image-pull-policy.ts';
import { kinds } from './kinds.ts';
import { kustomizations } from './kustomizations.ts';
import { labels } from './labels.ts';
import { namespaces } from './namespaces.ts';
import { networkPolicies } from './network-policies.ts';
import { noSecrets } from './no-secrets.ts';
import { pinnedImages } from './pinned-images.ts';
import { probes } from './probes.ts';
import { projects } from './projects.ts';
import { quotas } from './quotas.ts';
import { resourceLimits } from './resource-limits.ts';
import { rollout } from './rollout.ts';
import type { Rule } from './rule.ts';
import { securityContext } from './security-context.ts';
import { serviceAccounts } from './service-accounts.ts';
import { services } from './services.ts';
import { targets } from './targets.ts';
import { treeOf } from './tree.ts';

/** All rules, by name. A rule of your own is a function in a file of this folder and a line here. */
export const rules: Readonly<Record<string, Rule>> = {
  'application-folders': applicationFolders,
  applications,
  availability,
  'crd-order': crdOrder,
  duplicates,
  'file-names': fileNames,
  'host-access': hostAccess,
  'image-pull-policy': imagePullPolicy,
  kinds,
  kustomizations,
  labels,
  namespaces,
  'network-policies': networkPolicies,
  'no-secrets': noSecrets,
  'pinned-images': pinnedImages,
  probes,
  projects,
  quotas,
  'resource-limits': resourceLimits,
  rollout,
  'security-context': securityContext,
  'service-accounts': serviceAccounts,
  services,
  targets,
};

/**
 * Everything that is wrong with a rendered tree, sorted by field; nothing when it may be delivered.
 * Give all files of an environment at once, its projects and Applications too: rules look at how objects fit together.
 * @param environment its settings, when the files are of one environment: adds its replica range and namespaces to the rules
 */
export function check(files: readonly ManifestFile[], environment?: Environment, checked = Object.values(rules)): Problem[] {
  const tree = treeOf(files, environment);
  return checked.flatMap((rule) => rule(tree)).sort((a, b) => compare(a.field, b.field) || compare(a.rule, b.rule));
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
