import type { ManifestFile } from '../environment.ts';
import { isSame, items, read, strings } from './read.ts';
import { type Expectation, type Rule, show, violation } from './rule.ts';

const fields: readonly Expectation[] = [
  ['spec.strategy.type', 'RollingUpdate'],
  ['spec.strategy.rollingUpdate.maxUnavailable', 0],
];
const mostRevisions = 10;

/**
 * A Deployment replaces pods one by one: a new one is ready before an old one goes, an old one serves on while it is still routed to, and
 * the way back is kept.
 * kube-linter no-rolling-update-strategy · kube-score deployment-strategy, stable-version
 */
export const rollout: Rule = (tree) =>
  tree.ofKind('Deployment').flatMap((file) => {
    const at = (field: string, must: string, fix: string) => violation('rollout', file, field, read(file.object, field), must, fix);
    const problems = fields
      .filter(([field, value]) => !isSame(read(file.object, field), value))
      .map(([field, value]) => at(field, show(value), `set ${show(value)}`));
    const revisions = read(file.object, 'spec.revisionHistoryLimit');
    if (typeof revisions !== 'number' || revisions < 1 || revisions > mostRevisions) {
      problems.push(at('spec.revisionHistoryLimit', `1 to ${mostRevisions}`, 'keep a few'));
    }
    const grace = read(file.object, 'spec.template.spec.terminationGracePeriodSeconds');
    if (typeof grace !== 'number') problems.push(at('spec.template.spec.terminationGracePeriodSeconds', 'is set', 'set it'));
    items(file.object, 'spec.template.spec.containers').forEach((container, index) => {
      const sleep = read(container, 'lifecycle.preStop.sleep.seconds');
      if (typeof sleep === 'number' && sleep > 0 && sleep < Number(grace)) return;
      const field = `spec.template.spec.containers[${index}].lifecycle.preStop.sleep.seconds`;
      const must = 'more than 0 and less than terminationGracePeriodSeconds: endpoints vanish later than the signal comes';
      problems.push(violation('rollout', file, field, sleep, must, 'set a few seconds'));
    });
    if (readsConfigMap(file) && strings(file.object, 'spec.template.metadata.annotations')['checksum/config'] === undefined) {
      problems.push(
        at('spec.template.metadata.annotations', 'contains checksum/config: pods read a ConfigMap only at their start', 'add the checksum'),
      );
    }
    return problems;
  });

function readsConfigMap({ object }: ManifestFile): boolean {
  return items(object, 'spec.template.spec.containers').some((container) =>
    items(container, 'envFrom').some((entry) => read(entry, 'configMapRef') !== undefined),
  );
}
