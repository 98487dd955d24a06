import { read } from './read.ts';
import { type Rule, violation } from './rule.ts';

/**
 * Images are pulled when they are not there. A digest can't move, so `Always` adds nothing but an outage whenever the registry has one.
 * Deliberately not kube-score container-image-pull-policy, checkov CKV_K8S_15, polaris pullPolicyNotAlways: they are written for tags.
 */
export const imagePullPolicy: Rule = (tree) =>
  tree.containers
    .filter(({ value }) => read(value, 'imagePullPolicy') !== 'IfNotPresent')
    .map(({ workload, path, value }) =>
      violation(
        'image-pull-policy',
        workload.file,
        `${path}.imagePullPolicy`,
        read(value, 'imagePullPolicy'),
        'IfNotPresent',
        'set IfNotPresent',
      ),
    );
