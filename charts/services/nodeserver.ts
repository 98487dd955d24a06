import type { Service } from '../environment.ts';

/** The Node and Express hello server. */
export const nodeserver: Service = {
  name: 'nodeserver',
  source: 'app/nodeserver',
  port: 3000,
  servicePort: 3000,
  probes: {
    startup: { path: '/healthz', periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 60 },
    readiness: { path: '/readyz', periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
    liveness: { path: '/healthz', periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 },
  },
  terminationGracePeriodSeconds: 30,
};
