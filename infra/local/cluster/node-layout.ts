import { createHash } from 'node:crypto';
import { realpathSync } from 'node:fs';
import { join } from 'node:path';

/** Names and folders of a project's embedded cluster. All derived from the project's path, so that two clones never share one and none has to be remembered. */
export interface NodeLayout {
  /** First 8 hex digits of the hash of the project's real path. */
  readonly id: string;
  /** Name of the node, the kubeconfig's context and the control groups: `fullcycle-<id>`. */
  readonly name: string;
  /** The host's end of the link to the node; 11 of the 15 characters that the kernel allows. */
  readonly interface: string;
  /** All that the cluster keeps, as seen from the host. */
  readonly state: string;
  /** Shown to the node as its /var/lib: etcd, containerd, kubelet, kubernetes (configuration, keys, audit log). */
  readonly lib: string;
  /** Shown to the node as its /var/log: logs of pods. */
  readonly podLogs: string;
  /** Logs of the components, a file each, and of the supervisor. */
  readonly logs: string;
  /** The project's kubeconfig. */
  readonly kubeconfig: string;
}

const root = '/var/lib/fullcycle';

/** Where the node finds its configuration, keys and programs: the host's state folder and tool cache as mounted into it. */
export const inside = {
  configuration: '/var/lib/kubernetes',
  keys: '/var/lib/kubernetes/pki',
  programs: '/run/fullcycle/bin',
} as const;

/** The layout of the project in this folder. @param stateRoot @default /var/lib/fullcycle */
export function nodeLayout(projectDirectory: string, stateRoot: string = root): NodeLayout {
  const project = realpathSync(projectDirectory);
  const id = createHash('sha256').update(project).digest('hex').slice(0, 8);
  const state = join(stateRoot, id);
  return {
    id,
    name: `fullcycle-${id}`,
    interface: `fc-${id}`,
    state,
    lib: join(state, 'lib'),
    podLogs: join(state, 'log'),
    logs: join(state, 'components'),
    kubeconfig: join(project, '.fullcycle', 'kubeconfig'),
  };
}

/** The same file as the host sees it. @param path below the node's /var/lib */
export function onHost(layout: NodeLayout, path: string): string {
  return path.replace(/^\/var\/lib/, layout.lib);
}
