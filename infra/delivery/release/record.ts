import { createHash } from 'node:crypto';
import cdk8s from 'cdk8s/package.json' with { type: 'json' };
import plus from 'cdk8s-plus-27/package.json' with { type: 'json' };
import type { Catalog, Environment, Release } from '../../../charts/environment.ts';
import own from '../../../package.json' with { type: 'json' };
import type { ReleaseRecord } from './release.ts';

/** A release with what made it: the versions that decide a byte of the render, and a hash over everything that went in. */
export function recordRelease(environment: Environment, release: Release, catalog: Catalog): ReleaseRecord {
  const tools = { cdk8s: cdk8s.version, 'cdk8s-plus-27': plus.version, fullcycle: own.version };
  const inputs = hash({ environment, catalog, images: release.images, tools });
  return { schema: 1, environment: environment.name, source: release.source, images: release.images, tools, inputs };
}

function hash(value: unknown): string {
  return `sha256:${createHash('sha256').update(JSON.stringify(value, sortKeys)).digest('hex')}`;
}

function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
