import type { Problem } from '../../charts/problem.ts';
import { clean, fail, failIfAny } from '../delivery/errors.ts';
import { type RunResult, tryRun } from '../delivery/process.ts';
import { sha256 } from './oci-layout.ts';

/** What a registry answers for a tag or digest. */
export interface Manifest {
  readonly digest: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly layers: readonly { readonly digest: string }[];
}

/** How to reach registries. */
export interface RegistryOptions {
  /** Absolute path of crane, which finds credentials where `docker login` put them. */
  readonly crane: string;
  /** Environment of crane: HOME, DOCKER_CONFIG, proxies. */
  readonly env?: NodeJS.ProcessEnv;
  readonly signal?: AbortSignal;
}

/** An image by digest, and where to look for it. */
export interface PinnedImage {
  readonly name: string;
  /** See {@link import('./image.ts').ImageRequest}. @default the name */
  readonly pushTo?: string;
  readonly digest: string;
}

/**
 * Registries over the distribution API, through crane: it knows token servers, credential helpers, retries and cross-repository
 * mounts. Plain HTTP is only ever used for loopback and private addresses.
 */
export class Registry {
  readonly #options: RegistryOptions;

  constructor(options: RegistryOptions) {
    this.#options = options;
  }

  /** What a tag or digest points to; undefined when there is no such thing. @throws Failure E_AUTH or E_REGISTRY */
  async manifest(reference: string): Promise<Manifest | undefined> {
    const result = await this.#run(['manifest', reference], requestTimeout);
    if (isGone(result)) return undefined;
    if (result.exitCode !== 0) refuse(reference, result);
    const { annotations = {}, layers = [] } = JSON.parse(result.stdout) as Partial<Manifest>;
    return { digest: sha256(result.stdout), annotations, layers };
  }

  /** Uploads what an OCI layout holds: what is there already is not sent again; the tag moves last. @throws Failure E_AUTH or E_REGISTRY */
  async push(layout: string, reference: string): Promise<void> {
    const result = await this.#run(['push', layout, reference], pushTimeout);
    if (result.exitCode !== 0) refuse(reference, result);
  }

  /** Points one more tag at an image. @throws Failure E_IMAGE_GONE, E_AUTH or E_REGISTRY */
  async tag(reference: string, tag: string): Promise<void> {
    await this.#change(reference, ['tag', reference, tag]);
  }

  /** Puts an annotation on a manifest, in its place. @throws Failure E_IMAGE_GONE, E_AUTH or E_REGISTRY */
  async annotate(reference: string, key: string, value: string): Promise<void> {
    await this.#change(reference, ['mutate', reference, '--annotation', `${key}=${value}`, '--tag', reference]);
  }

  /** Refuses images that no registry holds any more, all at once. @throws Failure E_IMAGE_GONE, E_AUTH or E_REGISTRY */
  async requireImages(images: readonly PinnedImage[]): Promise<void> {
    const found = await Promise.all(images.map(({ name, pushTo = name, digest }) => this.manifest(`${pushTo}@${digest}`)));
    failIfAny(images.filter((_, index) => !found[index]).map(({ name, digest }) => gone(`${name}@${digest}`)));
  }

  async #change(reference: string, args: readonly string[]): Promise<void> {
    const result = await this.#run(args, requestTimeout);
    if (isGone(result)) failIfAny([gone(reference)]);
    if (result.exitCode !== 0) refuse(reference, result);
  }

  async #run(args: readonly string[], timeout: number): Promise<RunResult> {
    const { crane, env, signal } = this.#options;
    const result = await tryRun([crane, ...args], { env, signal, timeout });
    signal?.throwIfAborted();
    return result;
  }
}

const requestTimeout = 60_000;
const pushTimeout = 3_600_000;

/** The error codes of the distribution spec, as crane prints them; some registries only send the status. */
function isGone({ exitCode, stderr }: RunResult): boolean {
  return exitCode !== 0 && /\b(?:MANIFEST_UNKNOWN|NAME_UNKNOWN|404 Not Found)\b/.test(stderr);
}

function gone(reference: string): Problem {
  const rule = 'the image must be in its registry';
  return { code: 'E_IMAGE_GONE', field: reference, rule, fix: 'build it again, or choose an earlier release' };
}

function refuse(reference: string, { stderr }: RunResult): never {
  // Of a registry on loopback, crane also tells that it does not speak TLS.
  const words = clean(stderr)
    .replace(/^.*?\bError: /, '')
    .replace(/Get "https:[^;]*; (?=\w+ "?http:)/, '')
    .trim();
  const said = words.slice(-300) || 'no answer in time';
  const [host] = reference.split('/');
  if (/\b(?:UNAUTHORIZED|DENIED|401 Unauthorized|403 Forbidden)\b/.test(words)) {
    fail('E_AUTH', reference, undefined, `the registry refuses: ${said}`, `log in with docker login ${host}, or ask for access`);
  }
  fail('E_REGISTRY', reference, undefined, `the registry must answer: ${said}`, `check that ${host} is the right host, up and reachable`);
}
