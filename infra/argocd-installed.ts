import { parseImage } from '../charts/validate/image.ts';
import { ApiError } from './kubernetes/api-error.ts';
import type { Connection } from './kubernetes/connection.ts';
import { objectsAt, textAt } from './kubernetes/object.ts';

/** Version of the Argo CD that a cluster has, by the tag of its API server's image; undefined when there is none, or no tag. */
export async function installedVersion(connection: Connection, namespace: string): Promise<string | undefined> {
  const path = `/apis/apps/v1/namespaces/${namespace}/deployments/argocd-server`;
  try {
    const { body } = await connection.send({ method: 'GET', path });
    const [container] = objectsAt(body, 'spec', 'template', 'spec', 'containers');
    return parseImage(textAt(container, 'image') ?? '').tag;
  } catch (error) {
    if (error instanceof ApiError && error.status === 404) return undefined;
    throw error;
  }
}
