import { isMap, isScalar, type Pair, parseDocument, type Scalar, stringify, type YAMLMap } from 'yaml';

/** Text of a stack file with one service more; not a byte of the rest changes. @param settings its values as the file states them */
export function addService(text: string, name: string, settings: unknown): string {
  const document = parseDocument(text);
  const services = document.getIn(['config', 'fullcycle:services'], true);
  const last = isMap(services) && !services.flow ? (services as YAMLMap).items.at(-1) : undefined;
  if (last === undefined) {
    document.setIn(['config', 'fullcycle:services', name], settings);
    return document.toString({ lineWidth: 0 });
  }
  const column = columnOf(text, last);
  const end = endOf(text, last, column);
  const stanza = stringify({ [name]: settings }, { lineWidth: 0 }).replace(/^(?=.)/gm, ' '.repeat(column));
  const before = text.slice(0, end);
  return `${before}${before.endsWith('\n') ? '' : '\n'}${stanza}${text.slice(end)}`;
}

/** Text of a stack file with another value at a path; undefined when it states none there. */
export function replaceValue(text: string, path: readonly string[], value: string): string | undefined {
  const node = parseDocument(text).getIn(path, true);
  if (!isScalar(node) || !node.range) return undefined;
  return text.slice(0, node.range[0]) + value + text.slice(node.range[1]);
}

function columnOf(text: string, { key }: Pair): number {
  const start = (key as Scalar).range?.[0] ?? 0;
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}

/** Behind the last line of a pair, with the comments that are indented like its content. */
function endOf(text: string, { key, value }: Pair, column: number): number {
  const start = (value as Scalar | null)?.range?.[1] ?? (key as Scalar).range?.[1] ?? 0;
  let end = lineEnd(text, start - (text[start - 1] === '\n' ? 1 : 0));
  for (;;) {
    const comment = /^( *)#.*/.exec(text.slice(end, lineEnd(text, end)));
    if (!comment || (comment[1] ?? '').length <= column) return end;
    end = lineEnd(text, end);
  }
}

function lineEnd(text: string, offset: number): number {
  const end = text.indexOf('\n', offset);
  return end < 0 ? text.length : end + 1;
}
