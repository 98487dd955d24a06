import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { checkReason, commitMessage, type MessageFacts } from '../../../infra/delivery/plan/message.ts';
import { commitId, digest, release } from '../desired.ts';

const facts = (services: Record<string, string>, more: Partial<MessageFacts> = {}): MessageFacts => ({
  verb: 'deliver',
  release: release({ environment: 'dev', services }),
  services: Object.keys(services),
  deletes: [],
  ...more,
});
const subject = (more: MessageFacts): string => commitMessage(more).split('\n')[0] ?? '';
const short = (word: string): string => commitId(word).slice(0, 7);

describe('a commit message', () => {
  it('tells service, source, digest, tool and what goes, and ends with trailers', () => {
    const message = commitMessage(facts({ goserver: 'v1' }, { deletes: ['Service/old'], reason: 'the old one is not called any more' }));
    expect(message).toBe(`deliver(dev): goserver ${short('v1')}

the old one is not called any more

Source ${commitId('first')}
Image goserver registry.example.com/goserver:${commitId('v1')}@${digest('v1')}
Deletes Service/old
Made by fullcycle 0.1.0

Fullcycle-Environment: dev
Fullcycle-Source: ${commitId('first')}
Fullcycle-Inputs: ${digest('inputs {"goserver":"v1"}')}
`);
  });

  it.each([
    [facts({ goserver: 'v1', nodeserver: 'v2' }), `deliver(dev): goserver ${short('v1')}, nodeserver ${short('v2')}`],
    [facts({ goserver: 'v1' }, { verb: 'rollback' }), `rollback(dev): goserver ${short('v1')}`],
    [facts({ goserver: 'v1' }, { services: [] }), `deliver(dev): settings at ${short('first')}`],
    [facts({ goserver: 'v1' }, { services: [], onlyRecord: 'hold', verb: 'unhold' }), 'unhold(dev): hold'],
    [facts({ goserver: 'v1' }, { services: [], onlyRecord: 'health', verb: 'attest' }), 'attest(dev): health'],
    [facts({ goserver: 'v1' }, { services: ['goserver', 'gone'] }), `deliver(dev): goserver ${short('v1')}, gone`],
    [
      facts({ 'service-one': 'v1', 'service-two': 'v1', 'service-three': 'v1', 'service-four': 'v1' }),
      `deliver(dev): service-one ${short('v1')}, service-two ${short('v1')} and 2 more`,
    ],
    [facts({ ['s'.repeat(63)]: 'v1', b: 'v1' }), `deliver(dev): ${'s'.repeat(63)} ${short('v1')} and 1 more`],
  ])('has a subject for people: %#', (given, expected) => {
    expect(subject(given)).toBe(expected);
  });

  it('marks what was built from uncommitted changes', () => {
    const given = facts({ goserver: 'v1' });
    const image = given.release.images.goserver;
    if (!image) throw new Error('no image');
    const dirty = {
      ...given.release,
      source: { commit: commitId('first'), dirty: true },
      images: { goserver: { ...image, tag: `${image.tag}-dirty-1a2b3c4d` } },
    };
    const message = commitMessage({ ...given, release: dirty });
    expect(message).toContain(`deliver(dev): goserver ${short('v1')}-dirty\n`);
    expect(message).toContain(`\nSource ${commitId('first')} with uncommitted changes\n`);
  });
});

describe('a reason', () => {
  it.each([
    ['', 'a reason is not empty'],
    ['   ', 'a reason is not empty'],
    ['x'.repeat(501), 'a reason has at most 500 characters'],
    ['two\nlines', 'a reason is one line without control characters'],
    ['a\n\nFullcycle-Environment: prod', 'a reason is one line without control characters'],
    ['colour \u001b[31m', 'a reason is one line without control characters'],
    ['turned \u202e round', 'a reason is one line without control characters'],
    ['line\u2028separator', 'a reason is one line without control characters'],
    ['nul \0', 'a reason is one line without control characters'],
    ['half \ud800', 'a reason is one line without control characters'],
    ['Fullcycle-Source: 1a2b3c4', 'a reason does not look like a trailer (Word: …)'],
    ['Co-authored-by: Somebody <s@example.com>', 'a reason does not look like a trailer (Word: …)'],
  ])('%j is refused', (reason, rule) => {
    expect(checkReason('reason', reason)).toEqual([
      { code: 'E_MESSAGE', field: 'reason', value: reason, rule, fix: 'say why in one plain sentence' },
    ]);
  });

  it('is reported on one line', () => {
    const [problem] = checkReason('reason', 'two\nlines');
    expect(problem && formatProblem(problem)).toBe(
      'error[E_MESSAGE] reason: two lines - a reason is one line without control characters - say why in one plain sentence',
    );
  });

  it('that is taken never adds a line or a trailer', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (reason) => {
        if (checkReason('reason', reason).length > 0) return;
        const plain = commitMessage(facts({ goserver: 'v1' })).split('\n');
        const lines = commitMessage(facts({ goserver: 'v1' }, { reason })).split('\n');
        expect(lines.filter((line) => line !== reason)).toEqual([plain[0], '', ...plain.slice(1)]);
      }),
      { numRuns: 2000, examples: [['because of the traffic']] },
    );
  });
});
