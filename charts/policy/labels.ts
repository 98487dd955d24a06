import type { ManifestFile } from '../environment.ts';
import type { Problem } from '../problem.ts';
import { checkAnnotations, checkLabelKey, checkLabelValue } from '../validate/label.ts';
import { isSame, read, strings } from './read.ts';
import { type Rule, violation } from './rule.ts';

const rule = 'labels';
const selectors = ['app.kubernetes.io/name', 'app.kubernetes.io/instance'];
const recommended = [...selectors, 'app.kubernetes.io/part-of', 'app.kubernetes.io/managed-by'];

/**
 * Every object says what it is, what it is part of and who writes it; Deployments select by what never changes.
 * kube-linter required-label-owner (by part-of) · https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */
export const labels: Rule = (tree) => [
  ...tree.objects.flatMap((file) => checkLabels(file, 'metadata.labels')),
  ...tree.ofKind('Deployment').flatMap((file) => [...checkLabels(file, 'spec.template.metadata.labels'), ...checkSelector(file)]),
];

function checkLabels(file: ManifestFile, field: string): Problem[] {
  const found = strings(file.object, field);
  const annotations = strings(file.object, field.replace(/labels$/, 'annotations'));
  return [
    ...recommended
      .filter((key) => !found[key])
      .map((key) => violation(rule, file, `${field}.${key}`, undefined, 'is set', 'add the label')),
    ...Object.entries(found).flatMap(([key, value]) =>
      [...checkLabelKey(`${field}.${key}`, key), ...checkLabelValue(`${field}.${key}`, value)].map(at(file)),
    ),
    ...checkAnnotations(field.replace(/labels$/, 'annotations'), annotations).map(at(file)),
  ];
}

function at(file: ManifestFile): (problem: Problem) => Problem {
  return (problem) => violation(rule, file, problem.field, problem.value, problem.rule, problem.fix);
}

/** A selector is immutable: with a label in it that changes, the Deployment can never be applied again. */
function checkSelector(file: ManifestFile): Problem[] {
  const selector = read(file.object, 'spec.selector');
  const template = strings(file.object, 'spec.template.metadata.labels');
  const stable = { matchLabels: Object.fromEntries(selectors.map((key) => [key, template[key]])) };
  if (isSame(selector, stable)) return [];
  return [
    violation(rule, file, 'spec.selector', selector, `${selectors.join(' and ')} of the template, nothing else`, 'select by these two'),
  ];
}
