import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../../delivery/process.ts';

/** A certificate that the cluster's authority signs. Written as `<name>.crt` and `<name>.key`. */
export interface CertificateRequest {
  readonly name: string;
  /** Common name: the user or host it stands for. */
  readonly commonName: string;
  /** Organization: the user's group. */
  readonly group?: string;
  /** `server` needs names. */
  readonly usage: 'client' | 'server';
  /** DNS names and IP addresses the server is reached by, as OpenSSL writes them: `DNS:localhost`, `IP:127.0.0.1`. */
  readonly names?: readonly string[];
}

const authorityDays = 3650;
const certificateDays = 365;
const keyMode = 0o600;

/** Makes what is made once per cluster and kept: the authority, the key pair that signs service account tokens, the key that encrypts secrets in etcd. */
export async function ensureAuthority(directory: string, name: string): Promise<void> {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  // Without its own file OpenSSL would add the machine's default extensions.
  writeFileSync(join(directory, 'openssl.cnf'), '[req]\ndistinguished_name = dn\n[dn]\n', { mode: keyMode });
  if (!existsSync(join(directory, 'ca.crt'))) {
    const extensions = [
      'basicConstraints=critical,CA:TRUE,pathlen:0',
      'keyUsage=critical,keyCertSign,cRLSign',
      'subjectKeyIdentifier=hash',
    ];
    await openssl(directory, 'ca', `/CN=${name}`, extensions, ['-days', String(authorityDays)]);
  }
  ensureServiceAccountKeys(directory);
  ensureFile(join(directory, 'encryption.key'), randomBytes(32).toString('base64'));
}

/** Issues all certificates anew, valid for a year: done at every start, so that none expires on a cluster that is used. */
export async function issue(directory: string, requests: readonly CertificateRequest[]): Promise<void> {
  await Promise.all(requests.map((request) => issueOne(directory, request)));
}

async function issueOne(directory: string, { name, commonName, group, usage, names = [] }: CertificateRequest): Promise<void> {
  const subject = `${group ? `/O=${group}` : ''}/CN=${commonName}`;
  const extensions = [
    'basicConstraints=critical,CA:FALSE',
    'keyUsage=critical,digitalSignature',
    `extendedKeyUsage=${usage === 'server' ? 'serverAuth' : 'clientAuth'}`,
    ...(names.length > 0 ? [`subjectAltName=${names.join(',')}`] : []),
  ];
  await openssl(directory, name, subject, extensions, ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-days', String(certificateDays)]);
}

async function openssl(
  directory: string,
  name: string,
  subject: string,
  extensions: readonly string[],
  args: readonly string[],
): Promise<void> {
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc', '-keyout', `${name}.key.new`];
  const request = [
    'openssl',
    'req',
    '-x509',
    '-config',
    'openssl.cnf',
    ...key,
    '-out',
    `${name}.crt.new`,
    '-subj',
    subject,
    '-sha256',
  ] as const;
  await run([...request, ...extensions.flatMap((extension) => ['-addext', extension]), ...args], { cwd: directory });
  for (const suffix of ['key', 'crt']) {
    const file = join(directory, `${name}.${suffix}`);
    chmodSync(`${file}.new`, keyMode);
    renameSync(`${file}.new`, file);
  }
}

function ensureServiceAccountKeys(directory: string): void {
  if (existsSync(join(directory, 'service-accounts.pub')) && existsSync(join(directory, 'service-accounts.key'))) return;
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  writeFileSync(join(directory, 'service-accounts.key'), privateKey.export({ type: 'pkcs8', format: 'pem' }), { mode: keyMode });
  writeFileSync(join(directory, 'service-accounts.pub'), publicKey.export({ type: 'spki', format: 'pem' }), { mode: keyMode });
}

function ensureFile(file: string, content: string): void {
  if (!existsSync(file)) writeFileSync(file, content, { mode: keyMode });
}
