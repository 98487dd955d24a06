import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryRun } from '../../../infra/delivery/process.ts';
import { type Engine, pulumiEngine } from '../../../infra/provider/engine.ts';

/** Absolute folder of this project. */
export const checkout = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/** A Pulumi program that nothing compiles, with a stack `test` and a state of its own, run by the engine's own command line. */
export interface EngineProgram {
  /** Absolute folder. */
  readonly folder: string;
  readonly engine: Engine;
  /** Environment in which the engine finds the stack. */
  readonly env: Readonly<Record<string, string>>;
  /** Writes the program's only module. */
  write(text: string): void;
  /** Runs the engine and returns all that it prints; `exit <code>` is the end of it. */
  pulumi(...args: readonly string[]): Promise<string>;
  remove(): void;
}

/** @param plugins flow mapping of `plugins` in Pulumi.yaml; paths may be relative to the folder. @default none */
export async function createProgram(plugins?: string): Promise<EngineProgram> {
  const folder = mkdtempSync(join(realpathSync(tmpdir()), 'fullcycle-program-'));
  const engine = await pulumiEngine({ home: join(folder, 'home') });
  const settings = 'name: program\nmain: index.ts\nruntime: {name: nodejs, options: {typescript: false}}\n';
  mkdirSync(join(folder, 'state'));
  writeFileSync(join(folder, 'Pulumi.yaml'), plugins === undefined ? settings : `${settings}plugins: ${plugins}\n`);
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  symlinkSync(join(checkout, 'node_modules'), join(folder, 'node_modules'));
  const state = {
    PULUMI_BACKEND_URL: `file://${join(folder, 'state')}`,
    PULUMI_HOME: join(folder, 'home'),
    PULUMI_CONFIG_PASSPHRASE: 'test',
  };
  const env = { ...engine.env, ...state };
  const pulumi = async (...args: readonly string[]) => {
    const { stdout, stderr, exitCode } = await tryRun([engine.pulumi, ...args, '--non-interactive'], { cwd: folder, env });
    return `${stdout}${stderr}exit ${exitCode}`;
  };
  await pulumi('stack', 'init', 'test');
  return {
    folder,
    engine,
    env,
    write: (text) => writeFileSync(join(folder, 'index.ts'), text),
    pulumi,
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}
