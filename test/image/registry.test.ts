import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeImages } from '../../infra/image/oci-layout.ts';
import { Registry } from '../../infra/image/registry.ts';
import { tool } from '../../infra/local/tools.ts';
import { freePort, startRefusal, startRegistry, type TestRegistry } from './test-registry.ts';

let server: TestRegistry;
let registry: Registry;
let scratch: string;
let image: string;
let digest: string;

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'registry-'));
  server = await startRegistry();
  registry = new Registry({ crane: await tool('crane') });
  image = `${server.address}/team/empty`;
  ({ digest } = writeImages(scratch, [{ platform: 'linux/amd64', config: { User: '1:1' }, layers: [] }]));
  await registry.push(scratch, `${image}:one`);
}, 600_000);
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true });
});

const absent = `sha256:${'0'.repeat(64)}`;
const gone = (reference: string) =>
  `error[E_IMAGE_GONE] ${reference}: - the image must be in its registry - build it again, or choose an earlier release`;

describe('a registry that answers', () => {
  it('gives the digest of a tag', async () => {
    expect(await registry.manifest(`${image}:one`)).toEqual({ digest, annotations: {}, layers: [] });
  });

  it.each(['team/empty:two', 'team/none:one', `team/empty@${absent}`])('has nothing under %s', async (path) => {
    expect(await registry.manifest(`${server.address}/${path}`)).toBeUndefined();
  });

  it('moves tags and annotates', async () => {
    await registry.tag(`${image}@${digest}`, 'note');
    await registry.annotate(`${image}:note`, 'org.example.note', 'a=b c');
    expect((await registry.manifest(`${image}:note`))?.annotations).toEqual({ 'org.example.note': 'a=b c' });
    expect((await registry.manifest(`${image}:one`))?.digest).toBe(digest);
  });

  it('says which images are gone, all of them, by the name of the manifests', async () => {
    const images = [
      { name: 'registry.fullcycle.internal/empty', pushTo: image, digest },
      { name: 'registry.fullcycle.internal/empty', pushTo: image, digest: absent },
      { name: `${server.address}/none`, digest },
    ];
    await expect(registry.requireImages(images)).rejects.toThrow(
      `${gone(`registry.fullcycle.internal/empty@${absent}`)}\n${gone(`${server.address}/none@${digest}`)}`,
    );
    await expect(registry.requireImages(images.slice(0, 1))).resolves.toBeUndefined();
  });

  it('can not tag or annotate what is gone', async () => {
    await expect(registry.tag(`${image}@${absent}`, 'x')).rejects.toThrow(gone(`${image}@${absent}`));
    await expect(registry.annotate(`${image}:none`, 'a', 'b')).rejects.toThrow(gone(`${image}:none`));
  });
});

describe('a registry that does not', () => {
  it('is down', async () => {
    const address = `127.0.0.1:${await freePort()}`;
    await expect(registry.manifest(`${address}/a:b`)).rejects.toThrow(
      new RegExp(
        `^error\\[E_REGISTRY\\] ${address}/a:b: - the registry must answer: .*connection refused - check that ${address} is the right host, up and reachable$`,
      ),
    );
  });

  const refusals: readonly [number, string, string][] = [
    [401, 'E_AUTH', 'the registry refuses: .*401 Unauthorized.* - log in with docker login HOST, or ask for access'],
    [403, 'E_AUTH', 'the registry refuses: .*403 Forbidden - log in with docker login HOST, or ask for access'],
    [500, 'E_REGISTRY', 'the registry must answer: .*500 Internal Server Error - check that HOST is the right host, up and reachable'],
    [503, 'E_REGISTRY', 'the registry must answer: .*503 Service Unavailable - check that HOST is the right host, up and reachable'],
    [418, 'E_REGISTRY', "the registry must answer: .*418 I'm a teapot - check that HOST is the right host, up and reachable"],
  ];
  it.each(refusals)('answers %i', async (status, code, words) => {
    await using refusal = await startRefusal(status);
    const { address } = refusal;
    const said = new RegExp(`^error\\[${code}\\] ${address}/a:b: - ${words.replace('HOST', address)}$`);
    await expect(registry.manifest(`${address}/a:b`)).rejects.toThrow(said);
    await expect(registry.push(scratch, `${address}/a:b`)).rejects.toThrow(said);
    await expect(registry.tag(`${address}/a:b`, 'c')).rejects.toThrow(said);
  });

  it('answers a push with 404', async () => {
    await using refusal = await startRefusal(404);
    await expect(registry.push(scratch, `${refusal.address}/a:b`)).rejects.toThrow(/^error\[E_REGISTRY\] .*404 Not Found/);
  });

  it('says things that must not reach a terminal', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: '\u001b[31mred\u202e https://me:secret@host/' }] });
    await using refusal = await startRefusal(403, body);
    const error: unknown = await registry.manifest(`${refusal.address}/a:b`).catch((thrown: unknown) => thrown);
    const { address } = refusal;
    expect(String(error)).toBe(
      `Failure: error[E_AUTH] ${address}/a:b: - the registry refuses: fetching manifest ${address}/a:b: GET http://${address}/v2/: DENIED: red  https://***@host/ - log in with docker login ${address}, or ask for access`,
    );
  });
});
