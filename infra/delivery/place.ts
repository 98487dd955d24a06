import { readYaml } from '../../charts/yaml-reader.ts';

/** Where something stands in a file; both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

const start: Place = { line: 1, column: 1 };

/** Where a field of a manifest stands, or what is nearest above it; the start of the file for a text that is not there or can't be read. */
export function placeOf(path: string, text: string | undefined, field = ''): Place {
  if (text === undefined || field === '') return start;
  const read = readYaml(path, text);
  if (read.problems) return start;
  const [, line, column] = /:(\d+):(\d+)$/.exec(read.at(resolve(read.value, field))) ?? [];
  return line === undefined ? start : { line: Number(line), column: Number(column) };
}

/** Keys and indexes of a field: a list's item is named by its index or by one of its values. */
function resolve(root: unknown, field: string): (string | number)[] {
  const path: (string | number)[] = [];
  let value = root;
  for (const [, key, quoted, item] of field.matchAll(/([^.[\]]+)(?![^[]*\])|\["((?:[^"\\]|\\.)*)"\]|\[([^\]]*)\]/g)) {
    const step = item === undefined ? (key ?? quoted ?? '') : indexOf(value, item);
    if (step === undefined) break;
    path.push(step);
    value = (value as Record<string, unknown> | undefined)?.[step];
  }
  return path;
}

function indexOf(list: unknown, item: string): number | undefined {
  if (/^\d+$/.test(item)) return Number(item);
  const index = Array.isArray(list) ? list.findIndex((entry) => Object.values(Object(entry)).map(String).includes(item)) : -1;
  return index < 0 ? undefined : index;
}
