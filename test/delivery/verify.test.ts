import { describe, expect, it } from 'vitest';
import { blobId, type Ledger } from '../../infra/delivery/plan/ledger.ts';
import { judge, type Verdict } from '../../infra/delivery/verify.ts';

const path = 'environments/dev/goserver/service-goserver.yaml';

/** The verdict on one file, from its text at the tip, as last written, and as rendered again. */
function verdict(texts: { tip?: string; written?: string; rendered?: string }): Verdict | undefined {
  const entries = texts.tip === undefined ? [] : [{ path, mode: '100644', id: blobId(texts.tip) }];
  const files: Record<string, string> = texts.written === undefined ? {} : { [path]: blobId(texts.written) };
  const ledger: Ledger = { schema: 1, environments: { dev: { files, objects: [] } } };
  const rendered = new Map(texts.rendered === undefined ? [] : [[path, texts.rendered]]);
  return judge('dev', { entries, ledger }, rendered)[0]?.verdict;
}

describe('verify judges a file by its bytes at the tip, as last written, and as rendered again', () => {
  it.each([
    ['good', 'all three are the same', { tip: 'a', written: 'a', rendered: 'a' }],
    ['good', 'edited by hand into what the source renders', { tip: 'a', written: 'b', rendered: 'a' }],
    ['stale', 'as written, but the source renders something else', { tip: 'a', written: 'a', rendered: 'b' }],
    ['stale', 'as written, but the source renders no such file', { tip: 'a', written: 'a' }],
    ['hand-edited', 'not as written', { tip: 'b', written: 'a', rendered: 'a' }],
    ['hand-edited', 'not as written, and not what is rendered either', { tip: 'b', written: 'a', rendered: 'c' }],
    ['hand-edited', 'another text in the place of a rendered file that was never written', { tip: 'b', rendered: 'a' }],
    ['missing', 'removed by hand', { written: 'a', rendered: 'a' }],
    ['missing', 'rendered but never written', { rendered: 'a' }],
    ['unowned', 'added by hand', { tip: 'a' }],
  ] as const)('%s: %s', (expected, _what, texts) => {
    expect(verdict(texts)).toBe(expected);
  });

  it.each(['hold.json', 'attestation.json'])('%s, which no source renders, is good as it was written', (name) => {
    const record = `environments/dev/${name}`;
    const ledger: Ledger = { schema: 1, environments: { dev: { files: { [record]: blobId('a') }, objects: [] } } };
    const judged = (text: string, of: Ledger) =>
      judge('dev', { entries: [{ path: record, mode: '100644', id: blobId(text) }], ledger: of }, new Map());
    expect(judged('a', ledger)).toEqual([{ path: record, verdict: 'good' }]);
    expect(judged('b', ledger)).toEqual([{ path: record, verdict: 'hand-edited' }]);
    expect(judged('a', { schema: 1, environments: {} })).toEqual([{ path: record, verdict: 'unowned' }]);
  });

  it('leaves other environments and foreign files out', () => {
    const entries = ['environments/prod/x.yaml', 'README.md', 'argocd/applications/prod-goserver.yaml'].map((other) => ({
      path: other,
      mode: '100644',
      id: blobId('a'),
    }));
    expect(judge('dev', { entries, ledger: { schema: 1, environments: {} } }, new Map())).toEqual([]);
  });
});
