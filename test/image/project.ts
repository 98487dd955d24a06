import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Service } from '../../charts/environment.ts';
import type { BuilderName, ImageRequest, Platform } from '../../infra/image/image.ts';

/** This machine's own platform, and the other one. */
export const own: Platform = process.arch === 'arm64' ? 'linux/arm64' : 'linux/amd64';
export const foreign: Platform = own === 'linux/amd64' ? 'linux/arm64' : 'linux/amd64';

/** A commit as a tag, made of one digit. */
export const commit = (digit: string) => digit.repeat(40);

/** A private copy of a fixture. */
export interface Source extends Disposable {
  readonly context: string;
}

export function copyFixture(name: 'hello-go' | 'hello-node'): Source {
  const scratch = mkdtempSync(join(tmpdir(), 'image-source-'));
  const context = join(scratch, name);
  cpSync(fileURLToPath(new URL(`fixtures/${name}`, import.meta.url)), context, { recursive: true });
  return { context, [Symbol.dispose]: () => rmSync(scratch, { recursive: true }) };
}

/** Folder of a service of this project. */
export function appFolder(name: 'goserver' | 'nodeserver'): string {
  return fileURLToPath(new URL(`../../app/${name}`, import.meta.url));
}

/** A request that is manifest name and push address in one. */
export function imageRequest(
  context: string,
  name: string,
  settings: Partial<ImageRequest> & { builder?: BuilderName } = {},
): ImageRequest {
  const service = { name: context.slice(context.lastIndexOf('/') + 1), source: 'app/service', port: 8080 } as Service;
  return { service, context, name, pushTo: name, tag: commit('a'), platforms: [own], builder: 'auto', ...settings };
}
