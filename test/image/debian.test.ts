import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import pins from '../../infra/image/debian.json' with { type: 'json' };
import { unpackDebian } from '../../infra/image/debian.ts';
import { pinNewest } from '../../infra/image/pin-debian.ts';
import { startRefusal } from './test-registry.ts';

vi.setConfig({ testTimeout: 300_000 });

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'debian-'));
  for (const folder of ['root/etc', 'work', 'sources']) mkdirSync(join(scratch, folder), { recursive: true });
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** Unpacks with nothing but these lines as the sources of apt. */
async function unpack(...sources: readonly string[]): Promise<void> {
  const settings = join(scratch, 'apt.conf');
  writeFileSync(join(scratch, 'sources.list'), sources.map((line) => `${line}\n`).join(''));
  writeFileSync(settings, `Dir::Etc::sourcelist "${scratch}/sources.list";\nDir::Etc::sourceparts "${scratch}/sources";\n`);
  const surroundings = { env: { ...process.env, APT_CONFIG: settings }, cacheDirectory: scratch, say: () => {} };
  await unpackDebian('amd64', join(scratch, 'root'), join(scratch, 'work'), surroundings);
}

const fix = 'give apt a mirror that has Debian bookworm, pin anew with node infra/image/pin-debian.ts, or set image.builder to docker';

describe('the Debian packages under a Node service', () => {
  it('are refused when apt has no mirror', async () => {
    await expect(unpack()).rejects.toThrow(`error[E_BUILD] debian packages: - apt must have at least one mirror - ${fix}`);
  });

  it('are refused when no mirror has them', async () => {
    await using mirror = await startRefusal(404);
    await expect(unpack(`deb http://${mirror.address}/debian bookworm main`)).rejects.toThrow(
      new RegExp(`^error\\[E_BUILD\\] debian packages: - apt-helper failed: .*404 +Not Found.* - ${fix}$`),
    );
  });

  it('are refused when the mirror has something else under their names', async () => {
    await using mirror = await startRefusal(200, 'not the package');
    await expect(unpack(`deb http://${mirror.address}/debian bookworm main`)).rejects.toThrow(
      new RegExp(`^error\\[E_BUILD\\] debian packages: - apt-helper failed: .*Hash Sum mismatch.* - ${fix}$`),
    );
    expect(readdirSync(join(scratch, 'root'))).toEqual(['etc', 'var']);
  });

  it('can be pinned anew', async () => {
    const { packages, ...rest } = await pinNewest();
    expect({ ...rest, packages: packages.map(({ name }) => name) }).toEqual({ ...pins, packages: pins.packages.map(({ name }) => name) });
    for (const { name, files } of packages) {
      for (const [architecture, file] of Object.entries(files)) {
        expect(file.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(file.path).toMatch(new RegExp(`/${name.replaceAll('+', '\\+')}_[^/]+_${architecture}\\.deb$`));
      }
    }
  });
});
