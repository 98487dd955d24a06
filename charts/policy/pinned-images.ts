import { checkImage } from '../validate/image.ts';
import { read } from './read.ts';
import { type Rule, violation } from './rule.ts';

/**
 * Every image is pinned by digest and none is `latest`.
 * kube-linter latest-tag · kube-score container-image-tag · checkov CKV_K8S_14, CKV_K8S_43 · polaris tagNotSpecified
 */
export const pinnedImages: Rule = (tree) =>
  tree.containers.flatMap(({ workload, path, value }) => {
    const image = read(value, 'image');
    return checkImage('image', image).map(({ rule, fix }) => violation('pinned-images', workload.file, `${path}.image`, image, rule, fix));
  });
