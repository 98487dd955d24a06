import { items, read } from './read.ts';
import { type Rule, violation } from './rule.ts';

/**
 * Services are reached inside the cluster; the way in from outside is an Ingress.
 * kube-linter exposed-services · kube-score service-type · checkov CKV_K8S_155
 */
export const services: Rule = (tree) =>
  tree.ofKind('Service').flatMap((file) => {
    const at = (field: string, value: unknown, must: string, fix: string) => violation('services', file, field, value, must, fix);
    const type = read(file.object, 'spec.type');
    const addresses = items(file.object, 'spec.externalIPs');
    return [
      ...(type === 'ClusterIP' ? [] : [at('spec.type', type, 'ClusterIP', 'set ClusterIP, and use an Ingress')]),
      ...(addresses.length > 0 ? [at('spec.externalIPs', addresses, 'none', 'remove it: CVE-2020-8554')] : []),
      ...items(file.object, 'spec.ports').flatMap((port, index) => {
        const nodePort = read(port, 'nodePort');
        return nodePort === undefined ? [] : [at(`spec.ports[${index}].nodePort`, nodePort, 'none', 'remove it')];
      }),
    ];
  });
