import type { ClusterFacts } from './cluster.ts';
import { dockerAnswers, hasKindImage } from './kind.ts';

/** What this machine can run. Changes nothing. @param context of the user's kubeconfig, when one was named */
export async function clusterFacts(context?: string): Promise<ClusterFacts> {
  const docker = await dockerAnswers();
  return { context, platform: process.platform, root: process.getuid?.() === 0, docker, kindImage: docker && (await hasKindImage()) };
}
