import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run, tryRun } from '../../infra/delivery/process.ts';
import { pushAddress } from '../../infra/local/addresses.ts';
import { startLocal, stopLocal } from '../../infra/local/local.ts';
import { tool } from '../../infra/local/tools.ts';
import { createProject, listeningAddresses, type Project, send } from './project.ts';

let project: Project;
let program: string;
let scratch: string;
let image: string;
let digest: string;

const crane = async (...args: readonly string[]) => (await run([program, ...args])).stdout.trim();

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'registry-'));
  project = createProject();
  program = await tool('crane');
  image = pushAddress('registry.fullcycle.internal/team/goserver', await startLocal(project.folder));
  writeFileSync(join(scratch, 'hello'), 'hello\n');
  await run(['tar', '-C', scratch, '-cf', join(scratch, 'layer.tar'), 'hello']);
  digest = (await crane('append', '--oci-empty-base', '-f', join(scratch, 'layer.tar'), '-t', `${image}:one`)).split('@')[1] ?? '';
}, 1_200_000);
afterAll(async () => {
  await project[Symbol.asyncDispose]();
  rmSync(scratch, { recursive: true });
});

describe('the registry', () => {
  it('gives back the image that was pushed, by tag and by digest', async () => {
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await crane('digest', `${image}:one`)).toBe(digest);
    expect(await crane('validate', '--remote', `${image}@${digest}`)).toBe(`PASS: ${image}@${digest}`);
    await crane('export', `${image}@${digest}`, join(scratch, 'back.tar'));
    expect((await run(['tar', '-xOf', join(scratch, 'back.tar'), 'hello'])).stdout).toBe('hello\n');
  });

  it('lists repositories and tags', async () => {
    await crane('tag', `${image}:one`, 'two');
    const address = image.split('/')[0] as string;
    expect(await crane('catalog', address)).toBe('team/goserver');
    expect((await crane('ls', image)).split('\n').sort()).toEqual(['one', 'two']);
  });

  it('keeps its images when it is stopped and started', async () => {
    await stopLocal(project.folder);
    await expect(crane('digest', `${image}:one`)).rejects.toThrow('connection refused');
    await startLocal(project.folder);
    expect(await crane('digest', `${image}:one`)).toBe(digest);
  });

  it('takes eight images at once', async () => {
    const tags = Array.from({ length: 8 }, (_, index) => `parallel-${index}`);
    const pushed = await Promise.all(tags.map((tag) => crane('mutate', `${image}:one`, '--label', `tag=${tag}`, '-t', `${image}:${tag}`)));
    const found = await Promise.all(tags.map((tag) => crane('digest', `${image}:${tag}`)));
    expect(found).toEqual(pushed.map((reference) => reference.split('@')[1]));
    expect(new Set(found).size).toBe(8);
  });

  it('deletes an image when asked to', async () => {
    const [, gone = ''] = (await crane('mutate', `${image}:one`, '--label', 'gone=yes', '-t', `${image}:gone`)).split('@');
    await crane('delete', `${image}@${gone}`);
    expect((await tryRun([program, 'manifest', `${image}@${gone}`])).stderr).toContain('MANIFEST_UNKNOWN');
  });

  it('refuses to be written under another name, and can be read', async () => {
    const [address = ''] = image.split('/');
    const headers = { host: 'registry.fullcycle.internal' };
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
      const answer = await send(address, method, '/v2/team/goserver/blobs/uploads/', { headers });
      expect({ status: answer.status, body: answer.body.toString() }).toEqual({
        status: 403,
        body: 'images are pushed over loopback only\n',
      });
    }
    const accept = 'application/vnd.oci.image.manifest.v1+json';
    expect((await send(address, 'GET', '/v2/team/goserver/manifests/one', { headers: { ...headers, accept } })).status).toBe(200);
  });

  it.each(['/v2/../local.json', '/v2/..%2f..%2flocal.json/manifests/x', '/v2/team/..%2f..%2f..%2flocal/blobs/sha256:00'])(
    'gives no file for %s',
    async (path) => {
      const answer = await send(image.split('/')[0] as string, 'GET', path);
      expect(answer.status).toBeGreaterThanOrEqual(300);
      expect(answer.body.toString()).not.toContain('ports');
    },
  );

  it('listens on loopback only, and on nothing else', async () => {
    const { registry } = await project.servers();
    expect(listeningAddresses(registry.pid)).toEqual([expect.stringMatching(/^0100007F:/)]);
  });
});
