import { k8s } from 'cdk8s-plus-27';
import type { Construct } from 'constructs';
import type { Autoscaling } from './environment.ts';

/**
 * Lets node drains take one pod at a time. Only for two pods or more: with one it would block nothing, and say it does.
 * Pods that never became ready may always go, or a broken release would block drains.
 */
export class DisruptionBudget extends k8s.KubePodDisruptionBudget {
  constructor(scope: Construct, id: string, name: string, selector: Readonly<Record<string, string>>) {
    super(scope, id, {
      metadata: { name },
      spec: {
        maxUnavailable: k8s.IntOrString.fromNumber(1),
        selector: { matchLabels: { ...selector } },
        unhealthyPodEvictionPolicy: 'AlwaysAllow',
      },
    });
  }
}

/** Scales the Deployment of the same name on its CPU utilisation. */
export class Autoscaler extends k8s.KubeHorizontalPodAutoscalerV2 {
  constructor(scope: Construct, id: string, name: string, { min, max, cpuPercent }: Autoscaling) {
    super(scope, id, {
      metadata: { name },
      spec: {
        scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
        minReplicas: min,
        maxReplicas: max,
        metrics: [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization: cpuPercent } } }],
      },
    });
  }
}
