import { Chart } from 'cdk8s';
import { k8s, ServiceAccount } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import { Autoscaler, DisruptionBudget } from './availability.ts';
import { Deployment } from './deployment.ts';
import type { IngressSettings, Service, ServiceSettings } from './environment.ts';
import { objectLabels, selectorLabels } from './labels.ts';
import { ServiceNetworkPolicy } from './network-policy.ts';
import type { Problem } from './problem.ts';
import { fewestPods, hasEnv } from './settings.ts';
import { checkSettings } from './validate/environment.ts';
import { checkService } from './validate/service.ts';

/** One service in one environment. */
export interface WebServiceProps {
  readonly service: Service;
  readonly settings: ServiceSettings;
  /** Name of the environment; part of the labels that select the pods. */
  readonly environment: string;
  /** Pinned reference; a placeholder in the kustomize layout. */
  readonly image: string;
  /** Source commit the image was built at. */
  readonly commit: string;
}

/**
 * An HTTP service: Deployment, Service, ServiceAccount and NetworkPolicy; a ConfigMap when it has settings, a PodDisruptionBudget with two
 * pods or more, a HorizontalPodAutoscaler and an Ingress when asked for. Every object bears the service's name.
 * Synthesis fails with every problem of its props at once.
 */
export class WebService extends Construct {
  constructor(scope: Construct, id: string, { service, settings, environment, image, commit }: WebServiceProps) {
    super(scope, id);
    const { name, port } = service;
    const selector = selectorLabels(environment, name);
    this.node.addValidation({ validate: () => [...checkService(service), ...checkSettings('settings', settings)].map(describe) });
    const labels = { ...Chart.of(this).labels, ...objectLabels(environment, name) };

    new ServiceAccount(this, 'ServiceAccount', { metadata: { name }, automountToken: false });
    if (hasEnv(settings)) new k8s.KubeConfigMap(this, 'ConfigMap', { metadata: { name }, data: { ...settings.env } });
    new Deployment(this, 'Deployment', { service, settings, image, commit, labels, selector });
    new k8s.KubeService(this, 'Service', {
      metadata: { name },
      spec: {
        type: 'ClusterIP',
        selector,
        ports: [{ name: 'http', port: service.servicePort, targetPort: k8s.IntOrString.fromString('http'), protocol: 'TCP' }],
      },
    });
    const from = settings.ingress ? [settings.ingress.controllerNamespace] : [];
    new ServiceNetworkPolicy(this, 'NetworkPolicy', { name, selector, port, from });
    if (fewestPods(settings) > 1) new DisruptionBudget(this, 'PodDisruptionBudget', name, selector);
    if (settings.autoscaling) new Autoscaler(this, 'HorizontalPodAutoscaler', name, settings.autoscaling);
    if (settings.ingress) new k8s.KubeIngress(this, 'Ingress', ingress(name, settings.ingress));
  }
}

function describe({ code, field, rule, fix }: Problem): string {
  return `${code} ${field}: ${rule} - ${fix}`;
}

function ingress(name: string, { host, path, className, tlsSecret, annotations }: IngressSettings): k8s.KubeIngressProps {
  const backend = { service: { name, port: { name: 'http' } } };
  return {
    metadata: { name, annotations: { ...annotations } },
    spec: {
      ingressClassName: className,
      rules: [{ host, http: { paths: [{ path, pathType: 'Prefix', backend }] } }],
      tls: tlsSecret === undefined ? undefined : [{ hosts: [host], secretName: tlsSecret }],
    },
  };
}
