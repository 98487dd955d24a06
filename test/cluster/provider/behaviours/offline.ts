import { expect } from 'vitest';
import type { Kit, Scenario } from '../scenario.ts';
import type { Behaviour } from './behaviour.ts';
import { configMap } from './objects.ts';

/** What works without the API server, and what doesn't. */
export const offline: readonly Behaviour[] = [
  {
    behaviour: 'previews new objects as the program describes them when the API server is unreachable, and says so',
    async prove(s) {
      const { refusal, reason } = goOffline(s);
      const program = (kit: Kit) => void configMap(kit, { a: '1' });
      expect(await s.preview(program)).toMatchObject({
        ok: true,
        steps: ['create settings'],
        warnings: [`unreachable: ${reason}: shown as the program describes it`],
      });
      const up = await s.up(program);
      expect(up.ok).toBe(false);
      expect(up.errors).toContain(refusal);
      expect(await s.resource('settings')).toBeUndefined();
    },
  },
  {
    behaviour: 'previews changes against the recorded inputs when the API server is unreachable, and says so',
    async prove(s) {
      const program = (value: string) => (kit: Kit) => void configMap(kit, { a: value });
      s.settings = { enableConfigMapMutable: true };
      await s.up(program('1'));
      const { refusal, reason } = goOffline(s);
      const warnings = [`unreachable: ${reason}: compared with the recorded inputs only`];
      expect(await s.preview(program('1'))).toMatchObject({ ok: true, steps: ['same settings'], warnings });
      expect(await s.preview(program('2'))).toMatchObject({
        ok: true,
        steps: ['update settings'],
        diffs: { settings: ['data.a'] },
        warnings,
      });
      const up = await s.up(program('2'));
      expect(up.errors.join('\n')).toContain(refusal);
      s.settings = { enableConfigMapMutable: true };
      expect((await s.up(program('2'))).steps).toEqual(['update settings']);
    },
  },
  {
    behaviour: 'neither refreshes nor deletes what it can’t reach, and forgets it only when told to',
    async prove(s) {
      const program = (kit: Kit) => void configMap(kit, { a: '1' });
      await s.up(program);
      const { refusal } = goOffline(s);
      await s.up(program);
      for (const report of [await s.refresh(), await s.destroy()]) expect(report.errors.join('\n')).toContain(refusal);
      expect(await s.resource('settings')).toBeDefined();
      s.settings = { ...s.settings, deleteUnreachable: true };
      await s.up(program);
      expect(await s.destroy()).toMatchObject({
        ok: true,
        warnings: ['the cluster is unreachable: forgotten, as deleteUnreachable is set'],
      });
    },
  },
];

/** Points the provider to an API server that doesn't run. @returns what is said of it */
function goOffline(s: Scenario): { refusal: string; reason: string } {
  // Below the ports that are handed out: nothing else comes to listen there.
  const address = '127.0.0.1:1023';
  s.settings = { ...s.settings, kubeconfig: s.kubeconfig.replace(/127\.0\.0\.1:\d+/, address) };
  const reason = `connect ECONNREFUSED ${address}`;
  return {
    reason,
    refusal: `error[E_REMOTE_UNREACHABLE] https://${address}: - unreachable: ${reason} - start the cluster, or correct kubeconfig and context`,
  };
}
