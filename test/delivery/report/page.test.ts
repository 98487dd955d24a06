import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { html } from '../../../infra/delivery/report/html.ts';
import { printPage } from '../../../infra/delivery/report/page.ts';
import { compareSettings, type ReportData, type ReportedEnvironment } from '../../../infra/delivery/report/report-data.ts';
import type { Hop } from '../../../infra/delivery/status.ts';
import { environment, release, settings } from '../../fixtures/environments.ts';

const flow = (...states: readonly Hop['state'][]): Hop[] =>
  (['source', 'images', 'rendered', 'pushed', 'synced', 'live'] as const).slice(0, states.length).map((hop, index) => {
    const state = states[index] ?? 'current';
    return { hop, state, why: `${hop} is ${state}` };
  });

function reported(name: string, changes: Partial<ReportedEnvironment> = {}): ReportedEnvironment {
  const record = { ...release, schema: 1, environment: name, tools: {}, inputs: `sha256:${'9'.repeat(64)}` } as const;
  const status = { environment: name, commit: 'c'.repeat(40), release: record, hops: flow('current', 'current', 'current', 'current') };
  return { settings: environment(name), status, history: [], policies: [{ rule: 'probes', problems: [] }], ...changes };
}

const page = (...environments: readonly ReportedEnvironment[]) => {
  const data: ReportData = { time: '2026-01-02T03:04:05.000Z', source: 'a'.repeat(40), environments };
  return printPage(data, 'sha256-x');
};

describe('values', () => {
  it.each([
    ['<script>alert(1)</script>', '&lt;script&gt;alert(1)&lt;/script&gt;'],
    [`" onload="x' &`, '&quot; onload=&quot;x&#39; &amp;'],
    [0, '0'],
  ])('%j can not become markup', (value, escaped) => {
    expect(html`<p title="${value}">${value}</p>`.text).toBe(`<p title="${escaped}">${escaped}</p>`);
    expect(html`<ul>${[html`<li>${value}</li>`]}</ul>`.text).toBe(`<ul><li>${escaped}</li></ul>`);
  });

  it('stay text wherever they stand on the page', () => {
    const evil = '</td><img src=x onerror=alert(1)>';
    const problem = { code: 'E_POLICY', field: evil, value: evil, rule: `probes: ${evil}`, fix: evil } as const;
    const text = page(
      reported('dev', {
        settings: environment('dev', { services: { goserver: settings({ env: { [evil]: 'x' } }), [evil]: settings() } }),
        status: { environment: 'dev', commit: null, release: null, hops: [{ hop: 'source', state: 'blocked', why: evil }] },
        history: [{ commit: evil, time: evil, who: evil, verb: evil, reason: evil }],
        policies: [{ rule: evil, problems: [problem] }],
      }),
    );
    expect(text).not.toContain('<img');
    expect(text.split('&lt;img src=x').length).toBeGreaterThan(8);
  });
});

describe('the page', () => {
  it('lets in its own style and nothing else, runs nothing and names no other place', () => {
    const text = page(reported('dev'));
    const style = /<style>([\s\S]*)<\/style>/.exec(text)?.[1] ?? '';
    const hash = createHash('sha256').update(style).digest('base64');
    const data: ReportData = { time: '2026-01-02T03:04:05.000Z', source: 'a'.repeat(40), environments: [reported('dev')] };
    expect(printPage(data, `sha256-${hash}`)).toContain(
      `content="default-src &#39;none&#39;; style-src &#39;sha256-${hash}&#39;; base-uri &#39;none&#39;; form-action &#39;none&#39;"`,
    );
    expect(text).not.toMatch(/<script|<link|<iframe|<object|\sstyle=|\son\w+=|\ssrc=|\shref=|url\(|@import/i);
  });

  it('closes what it opens', () => {
    const open: string[] = [];
    const commit = { commit: 'c'.repeat(40), time: '2026-01-02T03:04:05Z', who: 'Ada', verb: 'deliver' };
    const broken = { code: 'E_POLICY', field: 'x#y', rule: 'probes: set', fix: 'set it' } as const;
    const text = page(reported('dev', { history: [commit], policies: [{ rule: 'probes', problems: [broken] }] }), reported('prod'));
    for (const [, end, tag = ''] of text.replace(/<style>[\s\S]*<\/style>/, '').matchAll(/<(\/?)([a-z][a-z0-9]*)\b[^>]*>/g)) {
      if (tag === 'meta') continue;
      if (end) expect(open.pop()).toBe(tag);
      else open.push(tag);
    }
    expect(open).toEqual([]);
  });

  it.each<readonly [states: readonly Hop['state'][], verdict: string]>([
    [['current', 'current', 'current', 'current', 'current', 'current'], '<span class="pill current">live</span>'],
    [['current', 'current', 'current', 'current', 'unknown'], '<span class="pill unknown">delivered, cluster not seen</span>'],
    [['current', 'behind', 'current', 'current', 'unknown'], '<span class="pill behind">behind</span>'],
    [['current', 'behind', 'current', 'blocked', 'unknown'], '<span class="pill blocked">blocked</span>'],
  ])('says of %j: %s', (states, verdict) => {
    const base = reported('dev');
    const text = page({ ...base, status: { ...base.status, hops: flow(...states) } });
    expect(text).toContain(verdict);
    expect(text.match(/<li><span class="dot/g)).toHaveLength(states.length);
    for (const { why } of flow(...states)) expect(text).toContain(`<p>${why}</p>`);
  });

  it('tells releases with their digests, and where there is none', () => {
    const base = reported('prod');
    const text = page(reported('dev'), { ...base, status: { ...base.status, release: null } });
    for (const { digest } of Object.values(release.images)) expect(text).toContain(digest);
    expect(text).toContain('Nothing was delivered yet.');
  });

  it('tells broken policies', () => {
    const problem = { code: 'E_POLICY', field: 'environments/dev/x.yaml#spec', rule: 'probes: set', fix: 'set it' } as const;
    const text = page(
      reported('dev', {
        policies: [
          { rule: 'probes', problems: [problem] },
          { rule: 'rollout', problems: [] },
        ],
      }),
    );
    expect(text).toContain('<b>1 of 2</b><span class="soft">policy checks passed</span>');
    expect(text).toContain('<li><span class="mark blocked">✗</span>probes</li>');
    expect(text).toContain('<li><span class="mark current">✓</span>rollout</li>');
    expect(text).toContain('<li>error[E_POLICY] environments/dev/x.yaml#spec: - probes: set - set it</li>');
  });
});

describe('settings side by side', () => {
  it('mark what differs between the environments that run a service', () => {
    const dev = reported('dev', { settings: environment('dev', { services: { goserver: settings({ replicas: 1 }) } }) });
    const prod = reported('prod', {
      settings: environment('prod', { services: { goserver: settings({ replicas: 3 }), nodeserver: settings() } }),
    });
    const rows = compareSettings([dev, prod]);
    const told = rows.map(({ service, setting, values, differs }) => [service, setting, ...values, differs]);
    expect(told).toContainEqual(['goserver', 'pods', '1', '3', true]);
    expect(told).toContainEqual(['goserver', 'cpu', '50m – 250m', '50m – 250m', false]);
    expect(told).toContainEqual(['goserver', 'image', '1'.repeat(12), '1'.repeat(12), false]);
    expect(told).toContainEqual(['nodeserver', 'pods', '–', '1', false]);
    expect(rows.some(({ setting }) => setting === 'ingress')).toBe(false);
  });
});
