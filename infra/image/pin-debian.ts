import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../delivery/errors.ts';
import { run } from '../delivery/process.ts';
import pins from './debian.json' with { type: 'json' };

/** `debian.json` with the newest versions that the mirrors of apt have. Asks with package lists of its own: no root needed, any architecture. */
export async function pinNewest(): Promise<typeof pins> {
  const found = await Promise.all((['amd64', 'arm64'] as const).map(async (name) => [name, await newest(name)] as const));
  const packages = pins.packages.map(({ name }) => ({
    name,
    files: Object.fromEntries(found.map(([architecture, fields]) => [architecture, pick(fields, name)])),
  }));
  return { ...pins, packages: packages as typeof pins.packages };
}

type Fields = Readonly<Record<string, string>>;

function pick(packages: readonly Fields[], name: string) {
  const { Version: version, Filename: path, SHA256: sha256 } = packages.find(({ Package }) => Package === name) ?? {};
  if (!version || !path || !sha256)
    return fail('E_BUILD', name, undefined, 'the mirrors of apt must have it', `add a mirror of Debian ${pins.suite}`);
  return { version, path, sha256 };
}

/** What `apt-cache show` says about the newest version of each package. */
async function newest(architecture: string): Promise<Fields[]> {
  const state = mkdtempSync(join(tmpdir(), 'fullcycle-apt-'));
  try {
    for (const folder of ['lists/partial', 'cache/archives/partial']) mkdirSync(join(state, folder), { recursive: true });
    writeFileSync(join(state, 'status'), '');
    const settings = [
      `Dir::State=${state}`,
      `Dir::State::status=${state}/status`,
      `Dir::Cache=${state}/cache`,
      `APT::Architecture=${architecture}`,
      `APT::Architectures=${architecture}`,
    ];
    const options = settings.flatMap((setting) => ['-o', setting]);
    await run(['apt-get', ...options, '-qq', 'update']);
    const { stdout } = await run(['apt-cache', ...options, '--no-all-versions', 'show', ...pins.packages.map(({ name }) => name)]);
    return stdout.trim().split('\n\n').map(parseFields);
  } finally {
    rmSync(state, { recursive: true, force: true });
  }
}

function parseFields(stanza: string): Fields {
  return Object.fromEntries([...stanza.matchAll(/^([A-Za-z0-9-]+): (.*)$/gm)].map(([, name, value]) => [name, value]));
}

if (import.meta.main) writeFileSync(new URL('debian.json', import.meta.url), `${JSON.stringify(await pinNewest(), null, 2)}\n`);
