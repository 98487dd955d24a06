import { join } from 'node:path';
import { answers, type DaemonSpec } from './daemon.ts';

/**
 * The local image registry (distribution, built from `tools/images/registry`): keeps its images in `<state>/registry`.
 * Writing is possible over loopback only, whatever it listens on besides.
 * @param program the registry's path; the bare name is enough to find one that runs
 * @param listen `host:port` each
 */
export function registryDaemon(state: string, listen: readonly string[], program = 'registry'): DaemonSpec {
  return {
    name: 'registry',
    state,
    argv: [program, '-root', join(state, 'registry'), '-listen', listen.join(',')],
    listen,
    ready: () => answers(`http://${listen[0]}/v2/`),
  };
}
