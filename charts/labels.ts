/**
 * Labels that find the pods of one service in one environment. Immutable in a Deployment, so nothing that ever changes belongs here.
 * Source: https://kubernetes.io/docs/concepts/overview/working-with-objects/common-labels/
 */
export function selectorLabels(environment: string, service: string): Record<string, string> {
  return { 'app.kubernetes.io/name': service, 'app.kubernetes.io/instance': `${environment}-${service}` };
}

/** Labels of every object: {@link selectorLabels}, the environment as the whole it is part of, and the tool that writes it. */
export function objectLabels(environment: string, service: string): Record<string, string> {
  return {
    ...selectorLabels(environment, service),
    'app.kubernetes.io/part-of': environment,
    'app.kubernetes.io/managed-by': 'fullcycle',
  };
}
