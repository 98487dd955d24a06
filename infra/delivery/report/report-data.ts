import type { Environment, ServiceSettings } from '../../../charts/environment.ts';
import type { Problem } from '../../../charts/problem.ts';
import type { EnvironmentStatus } from '../status.ts';

/** Everything that the page tells. */
export interface ReportData {
  /** When it was made, ISO 8601. */
  readonly time: string;
  /** Full id of the source commit that is checked out. */
  readonly source: string;
  /** Environments in the order of promotion. */
  readonly environments: readonly ReportedEnvironment[];
}

/** One environment: where it stands, what it runs, what it ran. */
export interface ReportedEnvironment {
  readonly settings: Environment;
  readonly status: EnvironmentStatus;
  /** The newest first. */
  readonly history: readonly ReportedCommit[];
  readonly policies: readonly PolicyResult[];
}

/** A commit of the GitOps repo. */
export interface ReportedCommit {
  readonly commit: string;
  /** ISO 8601. */
  readonly time: string;
  readonly who: string;
  readonly verb: string;
  readonly reason?: string;
}

/** What one policy says of one environment. */
export interface PolicyResult {
  readonly rule: string;
  readonly problems: readonly Problem[];
}

/** A setting side by side. */
export interface Row {
  readonly service: string;
  readonly setting: string;
  /** One for each environment, in their order. */
  readonly values: readonly string[];
  /** False when all environments that run the service say the same. */
  readonly differs: boolean;
}

/** What each environment says about each service, setting by setting; a dash for what it doesn't run. Pure. */
export function compareSettings(environments: readonly ReportedEnvironment[]): Row[] {
  const services = [...new Set(environments.flatMap(({ settings }) => Object.keys(settings.services)))];
  return services.flatMap((service) =>
    Object.entries(readings).flatMap(([setting, read]) => {
      const values = environments.map(({ settings, status }) => {
        const own = settings.services[service];
        return own ? read(own, status.release?.images[service]?.digest) : '–';
      });
      const stated = values.filter((_, index) => environments[index]?.settings.services[service]);
      return values.every((value) => value === '–') ? [] : [{ service, setting, values, differs: new Set(stated).size > 1 }];
    }),
  );
}

const readings: Readonly<Record<string, (settings: ServiceSettings, digest: string | undefined) => string>> = {
  image: (_settings, digest) => digest?.slice('sha256:'.length, 19) ?? 'never delivered',
  pods: ({ replicas, autoscaling }) => (autoscaling ? `${autoscaling.min}–${autoscaling.max} by CPU` : String(replicas)),
  cpu: ({ resources }) => `${resources.cpu.request} – ${resources.cpu.limit}`,
  memory: ({ resources }) => `${resources.memory.request} – ${resources.memory.limit}`,
  ingress: ({ ingress }) => (ingress ? `${ingress.host}${ingress.path}` : '–'),
  variables: ({ env }) => Object.keys(env).sort().join(', ') || '–',
};
