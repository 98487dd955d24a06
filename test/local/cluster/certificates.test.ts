import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { ensureAuthority, issue } from '../../../infra/local/cluster/certificates.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'certificates-'));
  return () => rmSync(folder, { recursive: true });
});

const certificate = (name: string) => new X509Certificate(readFileSync(join(folder, `${name}.crt`)));
const text = (name: string) => readFileSync(join(folder, name), 'utf8');

it('issues certificates that say who they are for and what for', async () => {
  await ensureAuthority(folder, 'fullcycle-test');
  await issue(folder, [
    { name: 'kubelet', commonName: 'system:node:n1', group: 'system:nodes', usage: 'client' },
    { name: 'server', commonName: 'kube-apiserver', usage: 'server', names: ['DNS:localhost', 'IP:127.0.0.1'] },
  ]);
  const authority = certificate('ca');
  expect(authority.ca).toBe(true);
  const kubelet = certificate('kubelet');
  expect(kubelet.subject).toBe('O=system:nodes\nCN=system:node:n1');
  expect(kubelet.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
  const server = certificate('server');
  expect(server.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1');
  expect(server.keyUsage).toEqual(['1.3.6.1.5.5.7.3.1']);
  for (const issued of [kubelet, server]) {
    expect(issued.ca).toBe(false);
    expect(issued.verify(authority.publicKey)).toBe(true);
    expect(Date.parse(issued.validTo) - Date.now()).toBeLessThan(366 * 86_400_000);
  }
  expect(server.checkPrivateKey(createPrivateKey(text('server.key')))).toBe(true);
});

it('makes the authority and the keys of a cluster once, and its certificates anew', async () => {
  const kept = ['ca.crt', 'ca.key', 'service-accounts.key', 'service-accounts.pub', 'encryption.key'];
  const request = { name: 'admin', commonName: 'admin', usage: 'client' } as const;
  await ensureAuthority(folder, 'fullcycle-test');
  await issue(folder, [request]);
  const before = Object.fromEntries([...kept, 'admin.crt'].map((name) => [name, text(name)]));
  await ensureAuthority(folder, 'fullcycle-test');
  await issue(folder, [request]);
  for (const name of kept) expect(text(name)).toBe(before[name]);
  expect(text('admin.crt')).not.toBe(before['admin.crt']);
});

it('gives every cluster keys of its own, which nobody else can read', async () => {
  const other = join(folder, 'other');
  await ensureAuthority(join(folder, 'one'), 'one');
  await ensureAuthority(other, 'other');
  expect(text('one/encryption.key')).not.toBe(text('other/encryption.key'));
  expect(Buffer.from(text('one/encryption.key'), 'base64')).toHaveLength(32);
  expect(statSync(other).mode & 0o777).toBe(0o700);
  for (const file of readdirSync(other)) expect([file, statSync(join(other, file)).mode & 0o777]).toEqual([file, 0o600]);
  const signs = createPublicKey(createPrivateKey(text('other/service-accounts.key'))).export({ type: 'spki', format: 'pem' });
  expect(text('other/service-accounts.pub')).toBe(signs);
});
