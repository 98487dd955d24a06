import type { Service } from '../environment.ts';

/** The Go "Hello Full Cycle" server. */
export const goserver: Service = {
  name: 'goserver',
  source: 'app/goserver',
  port: 8080,
  servicePort: 8080,
  probes: {
    startup: { path: '/healthz', periodSeconds: 1, timeoutSeconds: 1, failureThreshold: 30 },
    readiness: { path: '/readyz', periodSeconds: 5, timeoutSeconds: 2, failureThreshold: 2 },
    liveness: { path: '/healthz', periodSeconds: 10, timeoutSeconds: 2, failureThreshold: 3 },
  },
  terminationGracePeriodSeconds: 30,
};
