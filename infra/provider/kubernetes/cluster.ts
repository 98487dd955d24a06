import { fail } from '../../delivery/errors.ts';
import { ApiError, Unreachable } from '../../kubernetes/api-error.ts';
import type { ApiRequest, Connection, Reply } from '../../kubernetes/connection.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { describe, type ObjectReference, objectsAt, type TypeMeta } from '../../kubernetes/object.ts';
import { Kinds, type ServedKind } from './kinds.ts';
import type { Settings } from './settings.ts';

/** Options of a server-side apply. */
export interface ApplyOptions {
  /** Who the applied fields belong to. */
  readonly manager: string;
  /** Takes fields over from other managers. */
  readonly force: boolean;
  /** True when the server only tells what would become of it. */
  readonly dryRun: boolean;
}

/** What happens to the objects that a deleted one owns. */
export type Propagation = 'Foreground' | 'Background' | 'Orphan';

/** Who asks: whose interruption ends it, and where the server's warnings go. */
export interface Asker {
  /** Unique name of the resource it is about. */
  readonly urn: string;
  readonly signal: AbortSignal;
  warn(text: string): void;
}

/** The objects of one cluster. Every method throws ApiError when the server refuses, and Unreachable when there is no answer. */
export class Cluster {
  readonly server: string;
  /** Namespace of the context; undefined when it names none. */
  readonly namespace: string | undefined;
  readonly #connection: Connection;
  readonly #kinds: Kinds;
  readonly #isQuiet: boolean;
  readonly #warned = new Set<string>();
  #offline: Promise<Unreachable | undefined> | undefined;

  /** @param suppressDeprecationWarnings hides what the server says of deprecated APIs */
  constructor(connection: Connection, { suppressDeprecationWarnings }: Pick<Settings, 'suppressDeprecationWarnings'>) {
    this.#isQuiet = suppressDeprecationWarnings;
    this.server = connection.server;
    this.namespace = connection.namespace;
    this.#connection = connection;
    this.#kinds = new Kinds(connection);
  }

  /**
   * Why the server can't be reached; undefined when it can. Asked once: a plugin lives as long as one command.
   * @throws Failure E_CLUSTER when it doesn't accept the credentials
   */
  offline(): Promise<Unreachable | undefined> {
    this.#offline ??= this.#connection.send({ method: 'GET', path: '/version', tries: 1 }).then(
      () => undefined,
      (error) => {
        if (error instanceof Unreachable) return error;
        if (error instanceof ApiError && error.status === 401) {
          fail('E_CLUSTER', this.server, undefined, 'refuses the credentials of the context', 'renew them in the kubeconfig', {
            cause: error,
          });
        }
        return undefined;
      },
    );
    return this.#offline;
  }

  /** How a kind is served; undefined when it isn't. */
  servedKind(type: TypeMeta): Promise<ServedKind | undefined> {
    return this.#kinds.find(type);
  }

  /** The object as it is; undefined when it, or its kind, doesn't exist. */
  async get(reference: ObjectReference, asker: Asker): Promise<JsonObject | undefined> {
    const path = await this.#path(reference);
    return path === undefined ? undefined : ignoreNotFound(this.#send({ method: 'GET', path }, asker));
  }

  /** Objects of one kind and namespace that match a label selector. */
  async list(type: TypeMeta, namespace: string, labels: Readonly<Record<string, string>>, asker: Asker): Promise<JsonObject[]> {
    const path = await this.#path({ ...type, namespace, name: '' });
    const selector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
    const request = `${path?.replace(/\/$/, '')}?labelSelector=${encodeURIComponent(selector.join(','))}`;
    return path === undefined ? [] : objectsAt(await this.#send({ method: 'GET', path: request }, asker), 'items');
  }

  /** Creates or changes the object by server-side apply and returns what it is then. @throws Failure E_APPLY when its kind doesn't exist */
  async apply(reference: ObjectReference, manifest: JsonObject, options: ApplyOptions, asker: Asker): Promise<JsonObject> {
    const path = await this.#path(reference);
    if (path === undefined) {
      const rule = `the API server knows no ${reference.kind} in ${reference.apiVersion}`;
      return fail('E_APPLY', describe(reference), undefined, rule, 'create its definition first: dependsOn');
    }
    const query = new URLSearchParams({ fieldManager: options.manager, force: String(options.force) });
    if (options.dryRun) query.set('dryRun', 'All');
    const request = { method: 'PATCH', path: `${path}?${query}`, body: manifest, contentType: 'application/apply-patch+yaml' } as const;
    return this.#send(request, asker);
  }

  /** Asks for the object's deletion; false when there is no such object. */
  async remove(reference: ObjectReference, propagationPolicy: Propagation, asker: Asker): Promise<boolean> {
    const path = await this.#path(reference);
    if (path === undefined) return false;
    const removed = await ignoreNotFound(this.#send({ method: 'DELETE', path, body: { propagationPolicy } }, asker));
    return removed !== undefined;
  }

  async #path({ namespace, name, ...type }: ObjectReference): Promise<string | undefined> {
    const served = await this.#kinds.find(type);
    if (!served) return undefined;
    const scope = served.namespaced && namespace ? `/namespaces/${encodeURIComponent(namespace)}` : '';
    return `${served.api}${scope}/${served.plural}/${encodeURIComponent(name)}`;
  }

  async #send(request: ApiRequest, asker: Asker): Promise<JsonObject> {
    const { body, warnings }: Reply = await this.#connection.send({ ...request, signal: asker.signal });
    for (const warning of warnings) this.#warn(warning, asker);
    return body;
  }

  /** Once for each resource: a dry run gives the same warnings as the real one. */
  #warn(warning: string, asker: Asker): void {
    const key = `${asker.urn} ${warning}`;
    if (this.#warned.has(key) || (this.#isQuiet && warning.includes(' is deprecated in '))) return;
    this.#warned.add(key);
    asker.warn(warning);
  }
}

async function ignoreNotFound(answer: Promise<JsonObject>): Promise<JsonObject | undefined> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
