import type { Problem } from '../problem.ts';

const labelValue = /^(?:[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$/;
const keyName = /^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$/;
const keyPrefix = /^(?=.{1,253}$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/;
const annotationBytes = 256 * 1024;

/** `checkLabelValue(field, value): Problem[]` - E_LABEL unless at most 63 of A-Z, a-z, 0-9, `-`, `_`, `.` with a letter or digit at both ends. */
export function checkLabelValue(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && labelValue.test(value)) return [];
  const rule = 'a label value: at most 63 of A-Z, a-z, 0-9, "-", "_" and ".", with a letter or digit at both ends';
  return [{ code: 'E_LABEL', field, value, rule, fix: 'shorten it, or make it an annotation' }];
}

/** `checkLabelKey(field, value): Problem[]` - E_LABEL unless `[prefix/]name`: the prefix a DNS name of 253 at most, the name like a label value. */
export function checkLabelKey(field: string, value: unknown): Problem[] {
  if (typeof value === 'string') {
    const [name, prefix, ...more] = value.split('/').reverse();
    if (more.length === 0 && keyName.test(name ?? '') && (prefix === undefined || keyPrefix.test(prefix))) return [];
  }
  const rule = 'a label key: [prefix/]name, the prefix a DNS name of at most 253, the name at most 63 of A-Z, a-z, 0-9, "-", "_" and "."';
  return [{ code: 'E_LABEL', field, value, rule, fix: 'rename the key' }];
}

/** `checkAnnotations(field, annotations): Problem[]` - E_LABEL for bad keys, values that are no strings, and more than 256 KiB altogether. */
export function checkAnnotations(field: string, annotations: Readonly<Record<string, unknown>>): Problem[] {
  const problems: Problem[] = [];
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) {
    problems.push(...checkLabelKey(`${field}.${key}`, key));
    if (typeof value === 'string') bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
    else problems.push({ code: 'E_LABEL', field: `${field}.${key}`, value, rule: 'an annotation is a string', fix: 'quote it' });
  }
  if (bytes > annotationBytes) {
    const rule = `annotations of one object hold at most ${annotationBytes} bytes`;
    problems.push({ code: 'E_LABEL', field, value: `${bytes} bytes`, rule, fix: 'move the text elsewhere' });
  }
  return problems;
}
