import { describe, expect, it } from 'vitest';
import type { KubernetesObject } from '../../charts/environment.ts';
import { print } from '../../charts/manifest.ts';
import { compare } from '../../infra/delivery/diff/compare.ts';
import { printJson, toReport } from '../../infra/delivery/diff/json.ts';
import { printMarkdown } from '../../infra/delivery/diff/markdown.ts';
import { printText } from '../../infra/delivery/diff/text.ts';
import { inline, inlinePair } from '../../infra/delivery/diff/value.ts';

const commit = (digit: string) => digit.repeat(40);
const image = (digit: string) => `registry.example.com/team/goserver:${commit(digit)}@sha256:${digit.repeat(64)}`;

function file(environment: string, kind: string, name: string, fields: Readonly<Record<string, unknown>> = {}) {
  const apiVersion = kind === 'Deployment' ? 'apps/v1' : 'v1';
  const value = { apiVersion, kind, metadata: { name, namespace: environment }, ...fields };
  return print(`environments/${environment}/${name}/${kind.toLowerCase()}-${name}.yaml`, value as unknown as KubernetesObject);
}

const deployment = (environment: string, replicas: number, digit: string) =>
  file(environment, 'Deployment', 'goserver', {
    spec: { replicas, template: { spec: { containers: [{ name: 'goserver', image: image(digit) }] } } },
  });

const motd = ['welcome', 'to', 'the', 'server', 'of', 'the', 'day'];
const config = (environment: string, words: readonly string[]) =>
  file(environment, 'ConfigMap', 'goserver', { data: { motd: `${words.join('\n')}\n` } });

const before = [deployment('dev', 1, '1'), config('dev', motd), deployment('prod', 3, '1'), file('prod', 'Service', 'old')];
const after = [
  deployment('dev', 1, '2'),
  config('dev', motd.with(5, 'this')),
  deployment('prod', 0, '1'),
  file('prod', 'Service', 'goserver', { spec: { type: 'ClusterIP' } }),
];
const changes = compare(before, after);

const text = `dev
  ~ ConfigMap dev/goserver
      ~ data.motd:
          …
          server
          of
      -   the
      +   this
          day
  ~ Deployment dev/goserver (replaces its pods)
      ~ spec.template.spec.containers[goserver].image: registry.example.com/team/goserver:1111111@sha256:111111111111… → …:2222222@sha256:222222222222…

prod
  ~ Deployment prod/goserver
      ~ spec.replicas: 3 → 0  ▲ high: stops every pod
  - Service prod/old  ▲ medium: is deleted in the cluster
  + Service prod/goserver

3 objects changed, 1 added, 1 removed · 1 of high risk`;

describe('as text', () => {
  it('environment by environment, object by object, field by field, the riskiest first', () => {
    expect(printText(changes)).toBe(text);
  });

  it('coloured only when asked for, and the same but for the colours', () => {
    const coloured = printText(changes, { color: true });
    expect(coloured).toContain('\u001b[31m- Service prod/old\u001b[39m');
    expect(coloured).toContain('\u001b[32m+ Service prod/goserver\u001b[39m');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
    expect(coloured.replace(/\u001b\[[0-9;]*m/g, '')).toBe(text);
  });

  it('says that nothing changes', () => {
    expect(printText([])).toBe('No changes');
  });

  it('names what is rare in the last line', () => {
    const moved = { ...file('dev', 'Service', 'a'), path: 'environments/dev/b/service-a.yaml' };
    expect(printText(compare([file('dev', 'Service', 'a')], [moved]))).toBe(
      'dev\n  ~ Service dev/a (moved from environments/dev/a/service-a.yaml to environments/dev/b/service-a.yaml)\n\n0 objects changed, 0 added, 0 removed, 1 moved',
    );
    const renamed = compare([file('dev', 'Service', 'a', { spec: { x: 1 } })], [file('dev', 'Service', 'b', { spec: { x: 1 } })]);
    expect(printText(renamed).split('\n').at(-1)).toBe('0 objects changed, 0 added, 0 removed, 1 renamed · 1 of high risk');
    expect(printText(renamed)).toContain('~ Service dev/a → Service dev/b');
  });

  it('obeys no escape sequence of a manifest', () => {
    const wild = compare(
      [file('dev', 'ConfigMap', 'a', { data: { x: 'a' } })],
      [file('dev', 'ConfigMap', 'a', { data: { x: '\u001b[2Jgone\u202e\r' } })],
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what is looked for
    expect(printText(wild)).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  });
});

describe('as a comment for a pull request', () => {
  it('the risks on top, each environment to unfold, open where there is a risk', () => {
    expect(printMarkdown(changes)).toBe(`<!-- fullcycle diff -->

### Rendered manifests: 3 objects changed, 1 added, 1 removed

**High risk**

- **stops every pod** in prod, \`Deployment prod/goserver\`: \`spec.replicas\`

<details><summary><b>dev</b>: 2 objects changed, 0 added, 0 removed</summary>

\`\`\`diff
! ConfigMap dev/goserver
!     data.motd:
        …
        server
        of
-       the
+       this
        day
! Deployment dev/goserver (replaces its pods)
!     spec.template.spec.containers[goserver].image: registry.example.com/team/goserver:1111111@sha256:111111111111… → …:2222222@sha256:222222222222…
\`\`\`

</details>

<details open><summary><b>prod</b>: 1 object changed, 1 added, 1 removed</summary>

\`\`\`diff
! Deployment prod/goserver
!     spec.replicas: 3 → 0  # high: stops every pod
- Service prod/old  # medium: is deleted in the cluster
+ Service prod/goserver
\`\`\`

</details>
`);
  });

  it('can not be broken out of', () => {
    const hostile = '```\n</details><script>alert(1)</script> @everyone\n````';
    const [comment] = [
      printMarkdown(
        compare([file('dev', 'ConfigMap', 'a', { data: { x: 'a' } })], [file('dev', 'ConfigMap', 'a', { data: { x: hostile } })]),
      ),
    ];
    const fence = /^(`{3,})diff$/m.exec(comment)?.[1] ?? '';
    expect(fence.length).toBe(5);
    expect(comment.split(`\n${fence}\n`)).toHaveLength(2);
  });

  it('stays short enough for a comment', () => {
    const many = (digit: string) =>
      Array.from({ length: 2000 }, (_, index) => deployment(`env${index % 40}`, 1, digit)).map((each, index) => ({
        ...each,
        path: each.path.replace('goserver/', `s${index}/`),
      }));
    const comment = printMarkdown(compare(many('1'), many('2')));
    expect(comment.length).toBeLessThan(60_100);
    expect(comment).toMatch(/\d+ of 40 environments are left out: too long for a comment\. Run `fullcycle diff`\.\n$/);
  });

  it('says that nothing changes', () => {
    expect(printMarkdown([])).toBe('<!-- fullcycle diff -->\n\n### Rendered manifests: No changes\n');
  });
});

describe('as data', () => {
  it('holds values in full, under a version', () => {
    const report = JSON.parse(printJson(changes));
    expect(report).toEqual(JSON.parse(JSON.stringify(toReport(changes))));
    expect(report.schema).toBe(1);
    expect(report.summary).toEqual({
      actions: { changed: 3, added: 1, removed: 1, renamed: 0, moved: 0, reformatted: 0 },
      risks: { high: 1, medium: 1, low: 3 },
    });
    expect(report.changes[2]).toEqual({
      environment: 'prod',
      action: 'changed',
      identity: { group: 'apps', kind: 'Deployment', namespace: 'prod', name: 'goserver' },
      path: 'environments/prod/goserver/deployment-goserver.yaml',
      fields: [{ path: 'spec.replicas', before: 3, after: 0, risk: 'high', reason: 'stops every pod' }],
      risk: 'high',
    });
    expect(report.changes[1].fields[0].after).toBe(image('2'));
  });
});

describe('a value on one line', () => {
  it.each<[unknown, string]>([
    ['ClusterIP', 'ClusterIP'],
    ['', '""'],
    [' a', '" a"'],
    ['10', '"10"'],
    [10, '10'],
    ['true', '"true"'],
    [null, 'null'],
    [{}, '{}'],
    [{ a: { b: [1, 'x'] } }, '{a: {b: [1, x]}}'],
    ['a\nb', '"a\\nb"'],
    [image('a'), 'registry.example.com/team/goserver:aaaaaaa@sha256:aaaaaaaaaaaa…'],
    ['x'.repeat(200), `${'x'.repeat(159)}…`],
    ['https://me:hunter2@host/x', 'https://***@host/x'],
  ])('%j', (value, line) => {
    expect(inline(value)).toBe(line);
  });

  it('two that differ in what was cut are shown in full', () => {
    const [old, now] = inlinePair(`sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(63)}b`);
    expect([old, now]).toEqual([`sha256:${'a'.repeat(64)}`, `sha256:${'a'.repeat(63)}b`]);
  });
});
