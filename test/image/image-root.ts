import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '../../infra/delivery/process.ts';
import type { Platform } from '../../infra/image/image.ts';
import { tool } from '../../infra/local/tools.ts';

/** An image's files, unpacked, and how to run what is in them. Running takes root. */
export interface ImageRoot extends Disposable {
  readonly folder: string;
  readonly config: ImageConfig;
  /** Runs a program in this root as the image's user and in its folder. @default the entry point */
  command(argv?: readonly string[]): [string, ...string[]];
  /** The image's environment. */
  readonly env: Readonly<Record<string, string>>;
}

export interface ImageConfig {
  readonly User: string;
  readonly Env?: readonly string[];
  readonly Entrypoint: readonly string[];
  readonly WorkingDir?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
}

export async function unpackImage(reference: string, platform: Platform): Promise<ImageRoot> {
  const scratch = mkdtempSync(join(tmpdir(), 'image-root-'));
  const folder = join(scratch, 'root');
  const crane = await tool('crane');
  await run([crane, 'export', '--platform', platform, reference, `${folder}.tar`]);
  await run(['mkdir', folder]);
  await run(['tar', '--extract', '--same-owner', '--same-permissions', `--file=${folder}.tar`, `--directory=${folder}`]);
  const { stdout } = await run([crane, 'config', '--platform', platform, reference]);
  const { config } = JSON.parse(stdout) as { config: ImageConfig };
  const [user, group] = config.User.split(':');
  const isolate = [
    '/usr/bin/unshare',
    `--root=${folder}`,
    `--wd=${config.WorkingDir || '/'}`,
    `--setgid=${group}`,
    `--setuid=${user}`,
  ] as const;
  return {
    folder,
    config,
    command: (argv = config.Entrypoint) => [...isolate, '--', ...argv],
    env: Object.fromEntries((config.Env ?? []).map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)])),
    [Symbol.dispose]: () => rmSync(scratch, { recursive: true }),
  };
}

/** What a program says that is given nothing but the image's environment. */
export async function runImage(root: ImageRoot, argv?: readonly string[]): Promise<string> {
  const variables = Object.entries(root.env).map(([name, value]) => `${name}=${value}`);
  return (await run(['/usr/bin/env', '-i', ...variables, ...root.command(argv)])).stdout;
}
