import { checkVersion } from '../../../charts/argocd/install/version.ts';
import { strings, text } from '../../../charts/policy/read.ts';
import { violation } from '../../../charts/policy/rule.ts';
import { type Container, treeOf } from '../../../charts/policy/tree.ts';
import type { Problem } from '../../../charts/problem.ts';
import { parseImage } from '../../../charts/validate/image.ts';
import { asFile, type BootstrapRule } from '../declared.ts';

const names = ['server', 'repo-server', 'application-controller', 'applicationset-controller', 'notifications-controller'];
const ownContainers = names.map((name) => `argocd-${name}`);

/** Argo CD is none of the versions whose holes are known. Its version is its image's tag, or else the label of its pods. */
export const argoCdVersion: BootstrapRule = (declared) => treeOf([asFile(declared)]).containers.flatMap(checkContainer);

function checkContainer({ workload, value, path }: Container): Problem[] {
  const image = text(value, 'image');
  if (image === undefined) return [];
  const { name, tag } = parseImage(image);
  if (!name.endsWith('/argocd') && !ownContainers.includes(text(value, 'name') ?? '')) return [];
  const version = tag ?? workload.labels['app.kubernetes.io/version'] ?? labelOf(workload.file.object);
  const field = `${path}.image`;
  if (version === undefined) {
    const fix = 'write the tag besides the digest, or the label app.kubernetes.io/version';
    return [violation('argocd-version', workload.file, field, image, 'says its version', fix)];
  }
  return checkVersion(`${workload.file.path}#${field}`, version).map((problem) => ({
    ...problem,
    rule: `argocd-version: ${problem.rule}`,
  }));
}

function labelOf(object: unknown): string | undefined {
  return strings(object, 'metadata.labels')['app.kubernetes.io/version'];
}
