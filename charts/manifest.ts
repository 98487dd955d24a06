import type { KubernetesObject, ManifestFile } from './environment.ts';
import type { Problem } from './problem.ts';
import { printYaml } from './yaml-printer.ts';
import { readYaml } from './yaml-reader.ts';

/** Prints an object as the file at `path`: do-not-edit header, sorted keys, final newline. The same object gives the same bytes anywhere. */
export function print(path: string, object: KubernetesObject): ManifestFile {
  return { path, text: `# Do not edit: rendered from ${sourceOf(path)}, the next delivery overwrites it.\n${printYaml(object)}`, object };
}

/** A file read back, or every reason why it is none of ours. */
export type ParsedManifest =
  | { readonly file: ManifestFile; readonly problems?: undefined }
  | { readonly file?: undefined; readonly problems: Problem[] };

/** Reads the text of a file in the GitOps repo, strictly (see {@link readYaml}); refuses what is no Kubernetes object with E_YAML. */
export function parse(path: string, text: string): ParsedManifest {
  const { value, problems } = readYaml(path, text);
  if (problems) return { problems };
  if (isKubernetesObject(value)) return { file: { path, text, object: value } };
  const rule = 'a Kubernetes object: apiVersion, kind and metadata.name are strings';
  return { problems: [{ code: 'E_YAML', field: `${path}:1:1`, rule, fix: 'restore the file, or move it out of the rendered folders' }] };
}

/** `group/Kind namespace/name`: what an object is in the cluster, whatever version of its API a file speaks. */
export function keyOf(object: KubernetesObject): string {
  const { name, namespace } = object.metadata;
  return `${[groupOf(object), object.kind].filter(Boolean).join('/')} ${[namespace, name].filter(Boolean).join('/')}`;
}

/** API group of an object; empty for the core group. */
export function groupOf(object: Pick<KubernetesObject, 'apiVersion'>): string {
  const slash = object.apiVersion.indexOf('/');
  return slash < 0 ? '' : object.apiVersion.slice(0, slash);
}

/** The file in this project to change instead of the rendered one. */
function sourceOf(path: string): string {
  const [root, first, second] = path.split('/');
  if (root === 'argocd') return first === 'projects' ? 'charts/argocd/project.ts' : 'charts/argocd/application.ts';
  if (root !== 'environments') return 'charts/render.ts';
  return second === 'namespace' ? 'charts/namespace.ts' : `charts/services/${second}.ts`;
}

function isKubernetesObject(value: unknown): value is KubernetesObject {
  const object = value as KubernetesObject | null | undefined;
  return typeof object?.apiVersion === 'string' && typeof object.kind === 'string' && typeof object.metadata?.name === 'string';
}
