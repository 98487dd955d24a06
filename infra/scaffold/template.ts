/** A language that services are written in. */
export type Language = 'go' | 'node';

/** Service of this project that new ones of a language are made after: there is no second copy of its text. */
export const templates: Readonly<Record<Language, string>> = { go: 'goserver', node: 'nodeserver' };

/** What becomes of the template's name and port. */
export interface Naming {
  readonly name: string;
  readonly port: number;
}

/** Words that are a label in DNS and no name in TypeScript. */
const reserved = new Set(
  `arguments async await break case catch class const continue debugger default delete do else enum eval export extends false finally
  for function if implements import in instanceof interface let new null package private protected public return static super switch
  this throw true try typeof undefined var void while with yield`.split(/\s+/),
);

/** The template's source under another name and port. A lock file holds its name, and numbers that are no port. */
export function renameSource(path: string, text: string, from: Naming, to: Naming): string {
  const renamed = text.replaceAll(word(from.name), to.name);
  return path.endsWith('package-lock.json') ? renamed : renamed.replaceAll(word(String(from.port)), String(to.port));
}

/** The template's file in `charts/services/` for another service, exported as `identifier`. */
export function renameChart(text: string, from: Naming, to: Naming, identifier: string): string {
  const exported = text
    .replace(/^\/\*\* .* \*\/$/m, `/** The service in app/${to.name}. */`)
    .replace(`export const ${from.name}:`, `export const ${identifier}:`);
  const [before, after] = split(exported, `export const ${identifier}:`);
  return before + renameSource('chart.ts', after, from, to);
}

/** `catalog.ts` with one service more, exported by its file as `identifier`; undefined when it is not written as it used to be. */
export function addToCatalog(text: string, name: string, identifier: string): string | undefined {
  const list = /^(export const catalog: Catalog = \[)([^\]]*)\];$/m.exec(text);
  const imports = [...text.matchAll(/^import \{ \w+ \} from '\.\/services\/[a-z0-9-]+\.ts';\n/gm)];
  const [first, last] = [imports[0], imports.at(-1)];
  if (!list || !first || !last) return undefined;
  const added = `import { ${identifier} } from './services/${name}.ts';\n`;
  const sorted = [...imports.map(([line]) => line), added].sort((a, b) => (pathOf(a) < pathOf(b) ? -1 : 1)).join('');
  const end = last.index + last[0].length;
  const items = [...(list[2] ?? '').split(/[\s,]+/).filter(Boolean), identifier];
  return text.slice(0, first.index) + sorted + text.slice(end).replace(list[0], listOf(items));
}

/** A name in TypeScript for a service: `my-shop` is `myShop`; what is taken there, or reserved, has `Service` behind it. */
export function identifierFor(name: string, catalogText: string): string {
  let identifier = name.replace(/-+(.)/g, (_, letter: string) => letter.toUpperCase());
  while (reserved.has(identifier) || word(identifier).test(catalogText)) identifier += 'Service';
  return identifier;
}

/** As the formatter writes it: on one line while it fits. */
function listOf(items: readonly string[]): string {
  const line = `export const catalog: Catalog = [${items.join(', ')}];`;
  return line.length <= 140 ? line : `export const catalog: Catalog = [\n${items.map((item) => `  ${item},\n`).join('')}];`;
}

function pathOf(line: string): string {
  return /'(.*)'/.exec(line)?.[1] ?? '';
}

function split(text: string, head: string): readonly [string, string] {
  const end = text.indexOf(head) + head.length;
  return [text.slice(0, end), text.slice(end)];
}

function word(text: string): RegExp {
  return new RegExp(`\\b${text}\\b`, 'g');
}
