import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { checkEnvironmentNames } from '../validate/environment.ts';
import { checkPath } from '../validate/path.ts';
import { type Rule, violation } from './rule.ts';

const rule = 'file-names';

/**
 * A file is where its object says: `environments/<env>/<unit>/<kind>-<name>.yaml`, `argocd/projects/<name>.yaml`,
 * `argocd/applications/<name>.yaml`. And no environment is called like another plus `-…`, or the other's root Application would take its files.
 */
export const fileNames: Rule = (tree) => [
  ...tree.objects.flatMap(checkName),
  ...tree.kustomizations
    .filter(({ path }) => !/^environments\/[^/]+\/[^/]+\/kustomization\.yaml$/.test(path))
    .map((file) => misplaced(file, 'kustomization.yaml of a service')),
  ...checkEnvironmentNames(environmentsOf(tree.objects)).map((problem) => ({
    ...problem,
    field: `environments/${problem.value}`,
    rule: `${rule}: ${problem.rule}`,
  })),
];

function checkName(file: ManifestFile): Problem[] {
  const { path, object } = file;
  const wanted = wantedPath(file);
  const problems = checkPath('', path).map(({ rule: must, fix }) => violation(rule, file, 'metadata.name', path, must, fix));
  return path === wanted
    ? problems
    : [...problems, misplaced(file, wanted ?? `argocd/… or environments/…, for ${object.kind} ${object.metadata.name}`)];
}

function misplaced(file: ManifestFile, wanted: string): Problem {
  return violation(rule, file, 'metadata.name', file.object.metadata.name, `in ${wanted}`, 'move the file, or rename the object');
}

function wantedPath({ path, object }: ManifestFile): string | undefined {
  const { name } = object.metadata;
  if (object.kind === 'AppProject') return `argocd/projects/${name}.yaml`;
  if (object.kind === 'Application') return `argocd/applications/${name}.yaml`;
  const folder = /^environments\/[^/]+\/[^/]+(?=\/)/.exec(path)?.[0];
  return folder === undefined ? undefined : `${folder}/${object.kind.toLowerCase()}-${name}.yaml`;
}

function environmentsOf(files: readonly ManifestFile[]): string[] {
  return [...new Set(files.flatMap(({ path }) => /^environments\/([^/]+)\//.exec(path)?.[1] ?? []))];
}
