import { type ClusterFacts, clusterStatus } from './cluster.ts';
import { dockerAnswers, hasKindImage } from './kind.ts';

/** What this machine can run and what the project has. Changes nothing. @param context of the user's kubeconfig, when one was named */
export async function clusterFacts(projectDir: string, context?: string): Promise<ClusterFacts> {
  const [existing, docker] = await Promise.all([clusterStatus(projectDir), dockerAnswers()]);
  return {
    context,
    existing: existing?.kind,
    platform: process.platform,
    root: process.getuid?.() === 0,
    docker,
    kindImage: docker && (await hasKindImage()),
  };
}
