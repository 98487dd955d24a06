import { ApiError } from '../../kubernetes/api-error.ts';
import type { Connection } from '../../kubernetes/connection.ts';
import type { JsonObject } from '../../kubernetes/json.ts';
import { at, objectsAt, type TypeMeta, textAt } from '../../kubernetes/object.ts';

/** How an API serves a kind. */
export interface ServedKind {
  /** Path of the API and the name in it: `/apis/apps/v1`, `deployments`. */
  readonly api: string;
  readonly plural: string;
  readonly namespaced: boolean;
}

/** The kinds that an API server serves, each version of an API asked for once, and again when it lacks a kind: it may have come since. */
export class Kinds {
  readonly #connection: Connection;
  readonly #lists = new Map<string, Promise<readonly JsonObject[]>>();

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  /** Undefined for a kind that the server doesn't know: its definition is not there yet, or gone. */
  async find(type: TypeMeta): Promise<ServedKind | undefined> {
    const known = this.#lists.get(type.apiVersion);
    return (known && pick(await known, type)) ?? pick(await this.#fetch(type.apiVersion), type);
  }

  #fetch(apiVersion: string): Promise<readonly JsonObject[]> {
    const list = this.#connection.send({ method: 'GET', path: pathOf(apiVersion) }).then(
      ({ body }) => objectsAt(body, 'resources'),
      (error) => {
        this.#lists.delete(apiVersion);
        if (error instanceof ApiError && error.status === 404) return [];
        throw error;
      },
    );
    this.#lists.set(apiVersion, list);
    return list;
  }
}

function pathOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function pick(resources: readonly JsonObject[], { apiVersion, kind }: TypeMeta): ServedKind | undefined {
  const found = resources.find((resource) => textAt(resource, 'kind') === kind && !textAt(resource, 'name')?.includes('/'));
  if (!found) return undefined;
  return { api: pathOf(apiVersion), plural: textAt(found, 'name') ?? '', namespaced: at(found, 'namespaced') === true };
}
