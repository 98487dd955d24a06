import { formatProblem } from '../errors.ts';
import type { EnvironmentStatus, Hop } from '../status.ts';
import { Html, html } from './html.ts';
import {
  compareSettings,
  type PolicyResult,
  type ReportData,
  type ReportedCommit,
  type ReportedEnvironment,
  type Row,
} from './report-data.ts';
import { style } from './style.ts';

const marks: Readonly<Record<Hop['state'], string>> = { current: '✓', behind: '↻', blocked: '✗', unknown: '·' };
const words: Readonly<Record<Hop['state'], string>> = { current: 'up to date', behind: 'behind', blocked: 'blocked', unknown: 'unknown' };
/** What is said of a whole environment: what can't be asked is its cluster. */
const verdicts: Readonly<Record<Hop['state'], string>> = { ...words, current: 'live', unknown: 'delivered, cluster not seen' };

/**
 * The report as one page that needs nothing else and runs nothing. Pure.
 * @param styleHash `sha256-…` of {@link style}, base64: the only thing that the page's own policy lets in
 */
export function printPage(data: ReportData, styleHash: string): string {
  const { environments, source, time } = data;
  const policy = `default-src 'none'; style-src '${styleHash}'; base-uri 'none'; form-action 'none'`;
  return `${
    html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer">
<title>fullcycle: ${environments.map(({ settings }) => settings.name).join(', ')}</title>
<style>${new Html(style)}</style>
</head>
<body>
<main>
<header><h1>From source to cluster</h1><span class="soft">source <code>${source.slice(0, 10)}</code> · <time datetime="${time}">${time.slice(0, 16).replace('T', ' ')} UTC</time></span></header>
${numbers(environments)}
<h2>Environments</h2>
${environments.map(section)}
<h2>Between environments</h2>
${matrix(environments)}
<h2>Policies</h2>
${policies(environments)}
</main>
</body>
</html>`.text
  }\n`;
}

function numbers(environments: readonly ReportedEnvironment[]): Html {
  const count = (...states: readonly Hop['state'][]) => environments.filter(({ status }) => states.includes(worst(status))).length;
  const services = new Set(environments.flatMap(({ settings }) => Object.keys(settings.services))).size;
  const results = environments.flatMap(({ policies: all }) => all);
  const passed = results.filter(({ problems }) => problems.length === 0).length;
  const card = (value: string, what: string) => html`<div class="card"><b>${value}</b><span class="soft">${what}</span></div>`;
  return html`<div class="numbers">
${card(`${count('current', 'unknown')} of ${environments.length}`, 'environments delivered')}
${card(`${count('current')} of ${environments.length}`, 'seen live in their cluster')}
${card(String(services), services === 1 ? 'service' : 'services')}
${card(`${passed} of ${results.length}`, 'policy checks passed')}
</div>`;
}

function section({ settings, status, history }: ReportedEnvironment): Html {
  const state = worst(status);
  return html`<section class="card">
<h2>${settings.name} <span class="pill ${state}">${verdicts[state]}</span></h2>
<ol class="flow">
${status.hops.map(hop)}
</ol>
${release(status)}
${commits(history)}
</section>`;
}

function hop({ hop: name, state, why }: Hop): Html {
  return html`<li><span class="dot ${state}" role="img" aria-label="${words[state]}">${marks[state]}</span><b>${name}</b><p>${why}</p></li>`;
}

function release({ release: record }: EnvironmentStatus): Html {
  if (!record) return html`<h3>Release</h3><p class="soft">Nothing was delivered yet.</p>`;
  const rows = Object.entries(record.images).map(
    ([service, { name, tag, digest }]) =>
      html`<tr><th scope="row">${service}</th><td><code>${name}</code></td><td><code>${tag.slice(0, 10)}</code></td><td><code>${digest}</code></td></tr>`,
  );
  return html`<h3>Release from source ${record.source.commit.slice(0, 10)}${record.source.dirty ? ' and uncommitted changes' : ''}</h3>
<div class="scroll"><table><thead><tr><th>service</th><th>image</th><th>built at</th><th>digest</th></tr></thead><tbody>
${rows}
</tbody></table></div>`;
}

function commits(history: readonly ReportedCommit[]): Html {
  if (history.length === 0) return html``;
  const rows = history.map(
    ({ commit, time, who, verb, reason = '' }) =>
      html`<tr><td>${time.slice(0, 16).replace('T', ' ')}</td><td>${verb}</td><td><code>${commit.slice(0, 10)}</code></td><td>${who}</td><td>${reason}</td></tr>`,
  );
  return html`<h3>Last commits</h3>
<div class="scroll"><table class="commits"><tbody>
${rows}
</tbody></table></div>`;
}

function matrix(environments: readonly ReportedEnvironment[]): Html {
  const row = ({ service, setting, values, differs }: Row) =>
    html`<tr${new Html(differs ? ' class="differs"' : '')}><th scope="row">${service}</th><th scope="row">${setting}</th>${values.map((value) => html`<td>${value}</td>`)}</tr>`;
  return html`<section class="card"><div class="scroll"><table>
<thead><tr><th>service</th><th>setting</th>${environments.map(({ settings }) => html`<th>${settings.name}</th>`)}</tr></thead>
<tbody>
${compareSettings(environments).map(row)}
</tbody></table></div></section>`;
}

function policies(environments: readonly ReportedEnvironment[]): Html {
  const rules = [...new Set(environments.flatMap(({ policies: all }) => all.map(({ rule }) => rule)))];
  const broken = (rule: string) =>
    environments.flatMap(({ policies: all }) => all.filter((result) => result.rule === rule)).flatMap(problemsOf);
  const items = rules.map((rule) => {
    const state = broken(rule).length === 0 ? 'current' : 'blocked';
    return html`<li><span class="mark ${state}">${marks[state]}</span>${rule}</li>`;
  });
  const problems = rules.flatMap(broken).map((problem) => html`<li>${problem}</li>`);
  return html`<section class="card"><p class="soft">Each is checked on every manifest of every environment, before anything is committed.</p>
<ul class="rules">
${items}
</ul>
${problems.length === 0 ? html`` : html`<ul class="problems">${problems}</ul>`}</section>`;
}

function problemsOf({ problems }: PolicyResult): string[] {
  return problems.map(formatProblem);
}

/** What is worst on the way. */
function worst({ hops }: EnvironmentStatus): Hop['state'] {
  const order: readonly Hop['state'][] = ['blocked', 'behind', 'unknown', 'current'];
  return order.find((state) => hops.some((each) => each.state === state)) ?? 'unknown';
}
