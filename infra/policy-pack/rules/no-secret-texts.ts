import { noSecrets } from '../../../charts/policy/no-secrets.ts';
import { treeOf } from '../../../charts/policy/tree.ts';
import { asFile, type BootstrapRule } from '../declared.ts';

/** ConfigMaps of Argo CD that hold public keys, which look as random as private ones. */
const publicKeys: readonly string[] = ['argocd-ssh-known-hosts-cm', 'argocd-tls-certs-cm', 'argocd-gpg-keys-cm'];

/** No credential stands in a text that everybody may read: ConfigMaps, variables, arguments, annotations. */
export const noSecretTexts: BootstrapRule = (declared) => {
  const { kind, metadata } = declared.object;
  if (kind === 'Secret' || kind === 'CustomResourceDefinition') return [];
  if (kind === 'ConfigMap' && publicKeys.includes(metadata.name)) return [];
  return noSecrets(treeOf([asFile(declared)]));
};
