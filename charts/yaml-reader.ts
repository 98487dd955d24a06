import { parseDocument } from 'yaml';
import type { Problem } from './problem.ts';
import { decode, position } from './yaml-encoding.ts';
import { type Refused, scan } from './yaml-tokens.ts';
import { collectValues, pathKey, type ValuePath } from './yaml-values.ts';

/** A value read, or every reason why not. */
export type YamlResult = {
  /** `file:line:column` of the key or item at a path, or of the nearest one above it. */
  at(path: ValuePath): string;
} & ({ readonly value: unknown; readonly problems?: undefined } | { readonly value?: undefined; readonly problems: Problem[] });

/**
 * Reads one YAML document that every reader reads alike, as plain data. Refused, each with E_YAML at `<path>:<line>:<column>`: syntax
 * errors, duplicate keys, keys that are no strings, anchors, aliases, merge keys, tags, directives, several documents, none, over 1 MiB,
 * 50,000 tokens or 64 levels, and plain scalars that YAML 1.1 and 1.2 read differently (`no`, `0777`, `1_000`). With E_ENCODING: what is
 * no UTF-8, carriage returns, control, invisible and bidi characters. With E_KEY: keys that reach into JavaScript's own objects.
 * Source of the rules: CVE-2019-11253, CVE-2021-42574, https://yaml.org/spec/1.1 against https://yaml.org/spec/1.2.2.
 * @param path names the text in problems
 */
export function readYaml(path: string, content: string | Uint8Array): YamlResult {
  const refuse = (problems: Problem[]): YamlResult => ({ problems, at: () => path });
  const decoded = decode(path, content);
  if (decoded.problems) return refuse(decoded.problems);
  const { text } = decoded;
  const problem = ({ offset, code = 'E_YAML', ...refused }: Refused): Problem => ({
    code,
    field: `${path}:${position(text, offset)}`,
    ...refused,
  });
  const token = scan(text);
  if (token) return refuse([problem(token)]);
  const document = parseDocument(text, { prettyErrors: false, uniqueKeys: false });
  const error = document.errors[0];
  if (error) return refuse([problem(syntaxError(error))]);
  if (document.contents === null) return refuse([problem({ offset: 0, rule: 'one document', fix: 'write the value' })]);

  const { value, refused, offsets } = collectValues(document.contents);
  if (refused.length > 0) return refuse(refused.toSorted((a, b) => a.offset - b.offset).map(problem));
  const at = (valuePath: ValuePath): string => {
    for (let length = valuePath.length; length > 0; length -= 1) {
      const offset = offsets.get(pathKey(valuePath.slice(0, length)));
      if (offset !== undefined) return `${path}:${position(text, offset)}`;
    }
    return path;
  };
  return { value, at };
}

function syntaxError(error: { readonly code: string; readonly message: string; readonly pos: readonly [number, number] }): Refused {
  const offset = error.pos[0];
  if (error.code === 'MULTIPLE_DOCS') {
    return { offset, rule: 'one document a file', fix: 'move the second document to a file of its own' };
  }
  return { offset, rule: `not YAML: ${error.message.charAt(0).toLowerCase()}${error.message.slice(1)}`, fix: 'correct the syntax' };
}
