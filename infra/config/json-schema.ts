import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { catalog } from '../../charts/catalog.ts';
import type { Catalog } from '../../charts/environment.ts';
import { mostReplicas } from '../../charts/validate/number.ts';
import { stackSchema } from './schema.ts';
import { secretKeys } from './secret.ts';

/** JSON Schema of a stack file, by which editors complete keys and explain them. What `fullcycle` checks goes further. */
export function stackJsonSchema(services: Catalog = catalog): string {
  const schema = stackSchema({ catalog: services, range: { min: 1, max: mostReplicas }, allowedHosts: [] });
  const values = z.toJSONSchema(schema, { io: 'input', reused: 'ref', unrepresentable: 'any' });
  const { properties = {}, required = [], additionalProperties, $defs } = values;
  const secrets = Object.fromEntries(Object.entries(secretKeys).map(([key, description]) => [key, { description, ...encrypted }]));
  const config = {
    type: 'object',
    properties: Object.fromEntries(Object.entries({ ...properties, ...secrets }).map(([key, schema]) => [`fullcycle:${key}`, schema])),
    required: required.map((key) => `fullcycle:${key}`),
    additionalProperties,
  };
  const file = { type: 'object', properties: { config }, required: ['config'], $defs };
  return `${JSON.stringify({ $schema: values.$schema, title: 'Pulumi.<env>.yaml of fullcycle', ...file }, null, 2)}\n`;
}

/** As `pulumi config set --secret` writes it. */
const encrypted = { type: 'object', properties: { secure: { type: 'string' } }, required: ['secure'], additionalProperties: false };

if (import.meta.main) writeFileSync(new URL('../../Pulumi.schema.json', import.meta.url), stackJsonSchema());
