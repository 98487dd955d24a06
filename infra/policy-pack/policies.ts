import type { BootstrapRule } from './declared.ts';
import { argoCdNamespace } from './rules/argocd-namespace.ts';
import { argoCdVersion } from './rules/argocd-version.ts';
import { explicitProvider } from './rules/explicit-provider.ts';
import { noPrivileges } from './rules/no-privileges.ts';
import { noSecretTexts } from './rules/no-secret-texts.ts';
import { rootProject } from './rules/root-project.ts';
import { secretValues } from './rules/secret-values.ts';

/** A rule as users of the pack see it. */
export interface BootstrapPolicy {
  /** As in messages and in a pack's configuration. */
  readonly name: string;
  readonly description: string;
  readonly rule: BootstrapRule;
}

/** All rules. One more is a file in `rules/` and a line here. */
export const policies: readonly BootstrapPolicy[] = [
  { name: 'explicit-provider', description: 'Every object names its cluster', rule: explicitProvider },
  { name: 'argocd-namespace', description: 'Only Argo CD is installed here, in its own namespace', rule: argoCdNamespace },
  { name: 'argocd-version', description: 'Argo CD has no known holes', rule: argoCdVersion },
  { name: 'secret-values', description: 'What a Secret holds is a secret to Pulumi', rule: secretValues },
  { name: 'no-secret-texts', description: 'No credential stands in clear text', rule: noSecretTexts },
  { name: 'no-privileges', description: 'No pod gets rights on its node', rule: noPrivileges },
  { name: 'root-project', description: 'The root Application has a project of its own', rule: rootProject },
];
