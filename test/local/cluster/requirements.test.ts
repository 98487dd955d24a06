import { describe, expect, it } from 'vitest';
import { run } from '../../../infra/delivery/process.ts';
import { requirements } from '../../../infra/local/cluster/requirements.ts';

const linux = ['Linux', 'root', 'namespaces', 'control groups', 'disk', 'memory'];
const programs = ['runc', 'CNI plugins', 'iptables', 'slirp4netns', 'ip', 'unshare', 'sysctl', 'openssl', 'mmdebstrap'];

/** What a script that imports the module prints, run as nobody. */
async function asNobody(script: string): Promise<string> {
  const module = new URL('../../../infra/local/cluster/requirements.ts', import.meta.url);
  const code = `import { meetRequirements, requirements } from '${module}'; ${script}`;
  const nobody = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', '--'] as const;
  return (await run([...nobody, process.execPath, '--input-type=module', '--eval', code], { cwd: '/' })).stdout.trim();
}

describe('what the embedded cluster needs', () => {
  it('is listed with whether it is there, and what to do when it is not', async () => {
    const found = await requirements();
    expect(found.map(({ what }) => what)).toEqual([...linux, ...programs]);
    for (const { what, state, detail, fix } of found) {
      expect([what, ['ok', 'missing'].includes(state), detail !== '']).toEqual([what, true, true]);
      expect([what, fix !== undefined]).toEqual([what, state === 'missing']);
    }
  });

  it('begins with Linux, and where this is not Linux asks for nothing that only Linux has', async () => {
    const [first, ...more] = await requirements('darwin');
    expect(first).toEqual({
      what: 'Linux',
      state: 'missing',
      detail: 'darwin',
      fix: 'use kind (--cluster kind) or a cluster of yours (--cluster current)',
    });
    expect(more.map(({ what }) => what)).toEqual(['root']);
  });

  it('is more than a user who is not root has, and is told all at once', async () => {
    const said = await asNobody('await meetRequirements(() => {}).catch((error) => console.log(error.message));');
    expect(said.split('\n')).toEqual(
      expect.arrayContaining([
        'error[E_TOOL] root: uid 65534 - the embedded cluster needs it - run as root, or use kind (--cluster kind)',
        expect.stringMatching(
          /^error\[E_TOOL\] namespaces: unshare: unshare failed: .* - the embedded cluster needs it - run on a machine, or in a container, that permits unshare/,
        ),
      ]),
    );
  });
});
