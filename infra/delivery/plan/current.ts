import type { Repository } from '../git/repository.ts';
import { attestationPath } from '../release/attestation.ts';
import { holdPath } from '../release/hold.ts';
import { releasePath } from '../release/release.ts';
import { emptyLedger, type Ledger, ledgerPath, parseLedger } from './ledger.ts';
import type { Current } from './plan.ts';

/** The parts of the GitOps repo that this program may ever write to. */
const roots = ['environments', 'argocd', '.fullcycle'];

/**
 * Reads what a commit of the GitOps repo holds, as far as an environment's plan depends on it.
 * @param commit undefined for a repository without a commit
 * @throws Failure `E_STATE` when the ledger is broken
 */
export async function readCurrent(repository: Repository, environment: string, commit: string | undefined): Promise<Current> {
  if (commit === undefined) return { entries: [], ledger: emptyLedger };
  const entries = await repository.tree(commit, roots);
  const links = entries.filter(({ mode }) => mode === '120000');
  const id = (path: string) => entries.find((entry) => entry.path === path && !links.includes(entry))?.id;
  const [ledgerId, releaseId] = [id(ledgerPath), id(releasePath(environment))];
  const [holdId, attestationId] = [id(holdPath(environment)), id(attestationPath(environment))];
  const texts = await repository.blobs(
    [ledgerId, releaseId, holdId, attestationId, ...links.map((link) => link.id)].filter((blob) => blob !== undefined),
  );
  const textOf = (blob: string | undefined) => (blob === undefined ? undefined : texts.get(blob));
  const ledgerText = textOf(ledgerId);
  const ledger: Ledger = ledgerText === undefined ? emptyLedger : parseLedger(ledgerText);
  return {
    entries: entries.map((entry) => (links.includes(entry) ? { ...entry, target: texts.get(entry.id) ?? '' } : entry)),
    ledger,
    release: textOf(releaseId),
    hold: textOf(holdId),
    attestation: textOf(attestationId),
    format: commit.length === 64 ? 'sha256' : 'sha1',
  };
}
