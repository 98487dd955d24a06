import { isDeepStrictEqual } from 'node:util';
import { catalog } from '../../../charts/catalog.ts';
import type { Environment, ManifestFile, ReleasedImage } from '../../../charts/environment.ts';
import { render } from '../../../charts/render.ts';
import type { StackConfig } from '../../config.ts';
import { deployedServices } from '../build.ts';
import { compare } from '../diff/compare.ts';
import { fail } from '../errors.ts';
import type { Repository } from '../git/repository.ts';
import { readCurrent } from '../plan/current.ts';
import { handEdited, manifestsAt, neverDelivered } from '../plan/manifests.ts';
import type { Current } from '../plan/plan.ts';
import { type Attestation, attests, parseAttestation } from '../release/attestation.ts';
import { activeHolds, type Hold, isHeld, parseHolds } from '../release/hold.ts';
import type { MissingImages } from '../release/missing-images.ts';
import { parseRelease, type ReleaseRecord } from '../release/release.ts';
import { environmentHistory } from '../release/release-history.ts';
import type { Candidate, Evidence, HealthEvidence, HealthOf } from './evidence.ts';

/** What is asked about. */
export interface Question {
  readonly repository: Repository;
  /** The environment that the release shall go to. */
  readonly stack: StackConfig;
  /** The one that it comes from. */
  readonly from: string;
  /** Only this service. @default all that the target deploys */
  readonly service?: string;
  /** Milliseconds since 1970. */
  readonly now: number;
  readonly healthOf: HealthOf;
  readonly missingImages: MissingImages;
}

/** The release that the target would get, and the evidence about it. */
export interface Gathered {
  readonly evidence: Evidence;
  /** Images by service: the target's, with those of the source in their place. */
  readonly images: Readonly<Record<string, ReleasedImage>>;
}

/**
 * Reads everything that decides about a promotion at one commit of the GitOps repo.
 * @throws Failure E_ENV_MISSING when there is nothing to promote; E_NO_RELEASE when one service can't go alone; E_STATE
 */
export async function gather(question: Question, current: Current, tip: string | undefined): Promise<Gathered> {
  const { repository, stack, from, service, now } = question;
  const to = stack.environment.name;
  if (tip === undefined) neverDelivered(from);
  const source = await readCurrent(repository, from, tip);
  if (source.release === undefined) neverDelivered(from, tip);
  const release = parseRelease(from, source.release);
  const before = current.release === undefined ? undefined : parseRelease(to, current.release);
  const services = deployedServices(stack).map(({ name }) => name);
  const images = chosenImages(services, release, before, service);
  const moving = services.filter((name) => !isDeepStrictEqual(images[name], before?.images[name]) || !images[name]);

  const presence = await presenceOf(repository, from, tip, release, moving);
  const holds = [...holdsOf(from, source, now), ...holdsOf(to, current, now)];
  const missing = await missingOf(question, Object.fromEntries(moving.flatMap((name) => (images[name] ? [[name, images[name]]] : []))));
  const health = moving.length === 0 ? {} : await healthOf(question, source, tip, release);
  const candidates = moving.map((name): Candidate => {
    const image = images[name];
    return {
      service: name,
      image,
      replaces: before?.images[name],
      since: presence.since.get(name),
      holds: image ? holds.filter(({ hold }) => isHeld([hold], { [name]: image })) : [],
      isThere: image !== undefined && !missing.includes(name),
      health: health[name] ?? { state: 'unknown', source: 'none', words: 'nobody has looked' },
    };
  });
  const { soak, requireHealthy } = stack.promotion;
  const beyond = before ? compare(await manifestsAt(repository, tip, to), again(stack.environment, before)) : [];
  const origin = { environment: from, commit: presence.commit, release, edited: handEdited(source, from) };
  return { images, evidence: { from: origin, to, rules: { soak, requireHealthy }, candidates, beyond } };
}

/** Services whose image its registry no longer has. */
async function missingOf({ missingImages }: Question, images: Readonly<Record<string, ReleasedImage>>): Promise<string[]> {
  const all = Object.entries(images);
  const missing = all.length === 0 ? [] : await missingImages(Object.values(images));
  return all.flatMap(([service, { name, digest }]) => (missing.includes(`${name}@${digest}`) ? [service] : []));
}

/** What the target would run: everything from the source, or one service of it and the rest as it is. */
function chosenImages(
  services: readonly string[],
  source: ReleaseRecord,
  target: ReleaseRecord | undefined,
  service: string | undefined,
): Record<string, ReleasedImage> {
  if (service !== undefined && !services.includes(service))
    fail('E_USAGE', '--service', service, `one of ${services.join(', ')}`, 'name a service that the environment deploys');
  const lacking = services.filter((name) => name !== service && !target?.images[name]);
  if (service !== undefined && lacking.length > 0)
    fail('E_NO_RELEASE', '--service', service, `${lacking.join(', ')} was never delivered there`, 'promote all services first');
  const chosen = services.map((name) => [name, service === undefined || name === service ? source.images[name] : target?.images[name]]);
  return Object.fromEntries(chosen.filter(([, image]) => image !== undefined));
}

/** A release in the history of its environment. */
interface Presence {
  /** Commit that made the release what it is now. */
  readonly commit: string;
  /** By service: the commit since which it has run its image without a break. */
  readonly since: ReadonlyMap<string, { readonly commit: string; readonly time: number }>;
}

async function presenceOf(
  repository: Repository,
  from: string,
  tip: string,
  current: ReleaseRecord,
  services: readonly string[],
): Promise<Presence> {
  const since = new Map<string, { commit: string; time: number }>();
  const open = new Set(services.filter((name) => current.images[name]));
  let made: string | undefined;
  let isMade = false;
  for await (const { commit, time, release } of environmentHistory(repository, from, tip)) {
    for (const name of open)
      if (release?.images[name]?.digest === current.images[name]?.digest) since.set(name, { commit, time });
      else open.delete(name);
    isMade ||= !isDeepStrictEqual(release, current);
    if (!isMade) made = commit;
    else if (open.size === 0) break;
  }
  return { commit: made ?? tip, since };
}

async function healthOf({ from, repository, healthOf: ask }: Question, current: Current, commit: string, release: ReleaseRecord) {
  const live = await ask({ commit, current, repository });
  if (live) return live;
  const { attestation } = current;
  return attestation === undefined ? {} : attested(parseAttestation(from, attestation), release);
}

function attested(attestation: Attestation, { images }: ReleaseRecord): Record<string, HealthEvidence> {
  const evidence = Object.entries(images).map(([service, image]): [string, HealthEvidence] => {
    const words = `${attestation.words} (${attestation.who}, ${attestation.at})`;
    if (attests(attestation, service, image)) return [service, { state: 'healthy', source: 'attestation', words }];
    return [service, { state: 'unknown', source: 'attestation', words: `attested for another image by ${attestation.who}` }];
  });
  return Object.fromEntries(evidence);
}

function holdsOf(environment: string, { hold }: Current, now: number): { environment: string; hold: Hold }[] {
  if (hold === undefined) return [];
  return activeHolds(parseHolds(environment, hold).holds, now).map((one) => ({ environment, hold: one }));
}

/** The current release rendered with the current settings. A service that it has no image of comes with the new release. */
function again(environment: Environment, release: ReleaseRecord): ManifestFile[] {
  const services = Object.fromEntries(Object.entries(environment.services).filter(([name]) => release.images[name]));
  return render({ ...environment, services }, release, catalog);
}
