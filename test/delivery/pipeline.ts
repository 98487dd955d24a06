import { fileURLToPath } from 'node:url';
import { catalog } from '../../charts/catalog.ts';
import type { Release, ReleasedImage } from '../../charts/environment.ts';
import { render } from '../../charts/render.ts';
import { loadStack, type StackConfig } from '../../infra/config.ts';
import { attesting } from '../../infra/delivery/attest.ts';
import { deliveryOf } from '../../infra/delivery/deliver.ts';
import { defaultIdentity } from '../../infra/delivery/git/identity.ts';
import type { Repository } from '../../infra/delivery/git/repository.ts';
import { deliveredAt } from '../../infra/delivery/plan/manifests.ts';
import { type PreviewRequest, type Published, preview, publish } from '../../infra/delivery/plan/publish.ts';
import { promotionOf, type Seen } from '../../infra/delivery/promote.ts';
import type { HealthOf } from '../../infra/delivery/promotion/evidence.ts';
import { isoTime } from '../../infra/delivery/promotion/verdict.ts';
import { recordRelease } from '../../infra/delivery/release/record.ts';
import { goBack } from '../../infra/delivery/rollback.ts';
import { letGo } from '../../infra/delivery/unhold.ts';
import { commitId, digest, strict } from './desired.ts';
import { PlayedTiming, Remote } from './gitops.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = { commit: commitId('source'), dirty: false };

/** The image of a service in a version that a test makes up. */
export function image(service: string, version: string): ReleasedImage {
  const name = `registry.example.com/${service}`;
  return { name, tag: commitId(version), digest: digest(`${service} ${version}`), inputs: digest(`inputs of ${service} ${version}`) };
}

export function releaseOf(version: string, nodeserver = version): Release {
  return { source, images: { goserver: image('goserver', version), nodeserver: image('nodeserver', nodeserver) } };
}

/** This project's three environments over a real GitOps repo; the clock is played, the registry and the cluster are what a test says. */
export class Pipeline {
  readonly remote = new Remote();
  readonly timing = new PlayedTiming();
  /** What the registry has lost, as `name@digest`. */
  readonly gone = new Set<string>();
  health: HealthOf = async () => undefined;
  readonly #stacks: Readonly<Record<string, StackConfig>>;
  /** Replicas by environment, where a test changed the settings. */
  readonly #replicas = new Map<string, number>();

  private constructor(stacks: Readonly<Record<string, StackConfig>>) {
    this.#stacks = stacks;
  }

  static async open(): Promise<Pipeline> {
    const all = ['dev', 'staging', 'prod'].map(async (name) => [name, await loadStack(root, name, { local: true })] as const);
    return new Pipeline(Object.fromEntries(await Promise.all(all)));
  }

  remove(): void {
    this.remote.remove();
  }

  /** The settings as a test has them: those of the project, but for two replicas where a test says nothing else. */
  stack(name: string, replicas = this.#replicas.get(name) ?? 2): StackConfig {
    const stack = this.#stacks[name];
    const goserver = stack?.environment.services.goserver;
    if (!stack || !goserver) throw new Error(`no stack ${name}`);
    const { autoscaling: _, ...fixed } = goserver;
    const services = { ...stack.environment.services, goserver: { ...fixed, replicas } };
    return { ...stack, environment: { ...stack.environment, services, replicas: { min: 1, max: 6 } } };
  }

  setReplicas(name: string, replicas: number): void {
    this.#replicas.set(name, replicas);
  }

  /** Lets time pass. */
  pass(hours: number): void {
    this.timing.time += hours * 3_600_000;
  }

  async deliver(name: string, release: Release, repository = this.repository()): Promise<Published> {
    return await this.#publish(name, repository, deliveryOf({ stack: this.stack(name), repository }, release));
  }

  async promote(to: string, { service, repository = this.repository() }: { service?: string; repository?: Repository } = {}) {
    return await this.#publish(to, repository, this.#promotion(to, repository, service));
  }

  /** The problems that a promotion would have. */
  async verdict(to: string, service?: string) {
    const repository = this.repository();
    return (await preview(this.request(to, repository, this.#promotion(to, repository, service)))).plan.problems;
  }

  async rollback(
    name: string,
    { to, until, repository = this.repository() }: { to?: string; until?: string; repository?: Repository } = {},
  ) {
    const terms = { who: 'Ada', why: 'too slow', ...(until === undefined ? {} : { until }) };
    const propose: PreviewRequest['propose'] = (current, tip) =>
      goBack({ repository, environment: name, to, terms, now: this.timing.now(), missing: this.#missing }, current, tip);
    return await this.#publish(name, repository, propose, true);
  }

  async unhold(name: string, service?: string): Promise<Published> {
    const repository = this.repository();
    return await this.#publish(name, repository, async (_current, tip) => letGo(await deliveredAt(repository, name, tip), service));
  }

  async attest(name: string): Promise<Published> {
    const repository = this.repository();
    return await this.#publish(name, repository, async (_current, tip) => {
      const delivered = await deliveredAt(repository, name, tip);
      const live = await this.health({ commit: tip ?? '', current: delivered.current, repository });
      const at = isoTime(Math.floor(this.timing.now() / 1000));
      return attesting(delivered, tip ?? '', { who: 'Ada', at, live, reason: 'it answers' });
    });
  }

  /** Files of an environment's render with some settings, and the hash by which its record names them. */
  expected(name: string, replicas: number, release: Release) {
    const { environment } = this.stack(name, replicas);
    const files = render(environment, release, catalog).map(({ path, text }): [string, string] => [path, text]);
    return { inputs: recordRelease(environment, release, catalog).inputs, files: files.sort() };
  }

  /** As on a machine of its own when it has a name. */
  repository(machine = 'cache'): Repository {
    return this.remote.repository({ cacheDir: `${this.remote.folder}/${machine}` });
  }

  request(name: string, repository: Repository, propose: PreviewRequest['propose']): PreviewRequest {
    return { environment: name, repository, timing: this.timing, guard: strict, init: true, propose };
  }

  readonly #missing = async (images: readonly ReleasedImage[]): Promise<string[]> =>
    images.map((one) => `${one.name}@${one.digest}`).filter((reference) => this.gone.has(reference));

  #promotion(to: string, repository: Repository, service: string | undefined): PreviewRequest['propose'] {
    const stack = this.stack(to);
    const seen: Seen = { now: 0, files: [] };
    const question = { repository, stack, from: stack.promotion.from ?? '', service, healthOf: this.health, missingImages: this.#missing };
    return promotionOf(question, source, this.timing, seen);
  }

  async #publish(name: string, repository: Repository, propose: PreviewRequest['propose'], stopIfChanged = false): Promise<Published> {
    return await publish({ ...this.request(name, repository, propose), identity: defaultIdentity, stopIfChanged });
  }
}
