import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { moduleAt } from '../../infra/local/tools.ts';

/** The OASIS schema of SARIF 2.1.0, as a pinned Go module carries it. */
export async function sarifSchema(): Promise<z.ZodType> {
  const folder = await moduleAt('github.com/owenrumney/go-sarif/v3', 'v3.3.1');
  const source = readFileSync(join(folder, 'pkg/report/v210/sarif/schema.go'), 'utf8');
  const text = source.slice(source.indexOf('`') + 1, source.lastIndexOf('`'));
  // zod takes a reference for a whole URL
  return z.fromJSONSchema(JSON.parse(text.replaceAll('"format": "uri-reference"', '"pattern": "^[^ ]+$"')));
}
