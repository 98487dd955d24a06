import { cascade } from '../argocd/application.ts';
import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { checkPath } from '../validate/path.ts';
import { isSame, items, read, strings, text } from './read.ts';
import { type Expectation, type Rule, show, violation } from './rule.ts';

const rule = 'applications';

const fields: readonly Expectation[] = [
  ['spec.syncPolicy.automated.allowEmpty', false],
  ['spec.syncPolicy.automated.enabled', true],
  ['spec.syncPolicy.automated.prune', true],
  ['spec.syncPolicy.automated.selfHeal', true],
];
const requiredOptions = ['ApplyOutOfSyncOnly=true', 'FailOnSharedResource=true', 'PruneLast=true', 'ServerSideApply=true'];
const refusedOptions = /^(?:Replace=true|Force=true|Validate=false|Prune=false|SkipDryRunOnMissingResource=true)$/;
const requiredAnnotations = {
  'argocd.argoproj.io/manifest-generate-paths': '.',
  'argocd.argoproj.io/compare-options': 'ServerSideDiff=true',
};

/**
 * An Application follows one folder of one branch, at once, both ways, never to an empty tree, and never by replacing objects.
 * https://argo-cd.readthedocs.io/en/release-3.5/user-guide/auto_sync/ and /sync-options/
 */
export const applications: Rule = (tree) =>
  tree.ofKind('Application').flatMap((file) => [...checkSync(file), ...checkSource(file), ...checkDeletion(file)]);

function checkSync(file: ManifestFile): Problem[] {
  const { object } = file;
  const at = (field: string, must: string, fix: string, value = read(object, field)) => violation(rule, file, field, value, must, fix);
  const problems = fields
    .filter(([field, value]) => !isSame(read(object, field), value))
    .map(([field, value]) => at(field, show(value), `set ${show(value)}`));
  const options = items(object, 'spec.syncPolicy.syncOptions').map(String);
  const missing = requiredOptions.filter((option) => !options.includes(option));
  if (missing.length > 0) problems.push(at('spec.syncPolicy.syncOptions', `contains ${missing.join(', ')}`, 'add them'));
  const refused = options.filter((option) => refusedOptions.test(option));
  if (refused.length > 0) problems.push(at('spec.syncPolicy.syncOptions', `does not contain ${refused.join(', ')}`, 'remove them'));
  const limit = read(object, 'spec.syncPolicy.retry.limit');
  if (typeof limit !== 'number' || limit === 0)
    problems.push(at('spec.syncPolicy.retry.limit', 'not 0', 'let a failed sync be tried again'));
  const annotations = strings(object, 'metadata.annotations');
  for (const [key, value] of Object.entries(requiredAnnotations)) {
    if (annotations[key] !== value) problems.push(at(`metadata.annotations.${key}`, value, `set ${value}`, annotations[key]));
  }
  return problems;
}

function checkSource(file: ManifestFile): Problem[] {
  const { object } = file;
  const at = (field: string, must: string, fix: string) => violation(rule, file, field, read(object, field), must, fix);
  const problems = checkPath('', read(object, 'spec.source.path')).map((problem) => at('spec.source.path', problem.rule, problem.fix));
  if (read(object, 'spec.sources') !== undefined) problems.push(at('spec.sources', 'one source', 'use spec.source'));
  const revision = text(object, 'spec.source.targetRevision') ?? '';
  if (!/^refs\/heads\/[A-Za-z0-9]/.test(revision))
    problems.push(at('spec.source.targetRevision', 'refs/heads/<branch>', 'name the branch in full'));
  const project = read(object, 'spec.project');
  if (typeof project !== 'string' || project === '' || project === 'default')
    problems.push(at('spec.project', 'a project of its own', 'name it'));
  return problems;
}

/** Deliberate either way: it cascades to everything but a namespace, which would take along what it never made. */
function checkDeletion(file: ManifestFile): Problem[] {
  const cascades = items(file.object, 'metadata.finalizers').includes(cascade);
  const isNamespace = file.object.metadata.name.endsWith('-namespace');
  if (cascades !== isNamespace) return [];
  const must = isNamespace
    ? 'none: the namespace outlives its Application'
    : `contains ${cascade}: pods without an owner would run on unseen`;
  return [
    violation(rule, file, 'metadata.finalizers', read(file.object, 'metadata.finalizers'), must, isNamespace ? 'remove it' : 'add it'),
  ];
}
