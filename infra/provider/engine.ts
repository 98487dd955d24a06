import { chmodSync, copyFileSync, existsSync, linkSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import sdk from '@pulumi/kubernetes/package.json' with { type: 'json' };
import { ensureTools, moduleDirectory, type ToolOptions, toolStatus } from '../local/tools.ts';

/** The Pulumi engine, ready to run. */
export interface Engine {
  /** Absolute path of the program `pulumi`. */
  readonly pulumi: string;
  /** Environment it needs: PATH, and switches for networks that reach nothing. */
  readonly env: Readonly<Record<string, string>>;
}

/** Starts policy packs and dynamic providers; in the language host's module, but not built from it. */
const scripts = ['pulumi-analyzer-policy', 'pulumi-resource-pulumi-nodejs'];

/** The pinned engine with what it starts, built when it is not there yet. @throws Failure E_TOOL when it can't be built */
export async function pulumiEngine(options: ToolOptions = {}): Promise<Engine> {
  const { env = process.env } = options;
  const { source, path } = await toolStatus('pulumi', options);
  // One that is installed brings its own language hosts.
  const pulumi = source === 'path' && path ? path : join(await assemble(options), 'pulumi');
  const node = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
  const own = hasVendorPlugin(env) ? [] : [fileURLToPath(new URL('.', import.meta.url))];
  const folders = [dirname(pulumi), node, ...own, env.PATH ?? ''];
  return {
    pulumi,
    env: { PATH: folders.join(delimiter), PULUMI_SKIP_UPDATE_CHECK: 'true', PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true' },
  };
}

/** True when the official Kubernetes plugin of the SDK's version is installed; ours stays off PATH then, where it would win. */
function hasVendorPlugin(env: NodeJS.ProcessEnv): boolean {
  const home = env.PULUMI_HOME || join(env.HOME || homedir(), '.pulumi');
  return existsSync(join(home, 'plugins', `resource-kubernetes-v${sdk.version}`));
}

/** One folder with everything: the engine looks for the language host and the scripts beside itself. */
async function assemble(options: ToolOptions): Promise<string> {
  const tools = await ensureTools(['pulumi', 'pulumi-language-nodejs'], options);
  const keys = Object.values(tools).map((path) => basename(dirname(path)).split('-').at(-1));
  const folder = join(dirname(dirname(tools.pulumi)), `pulumi-engine-${keys.join('-')}`);
  if (existsSync(folder)) return folder;
  const module = await moduleDirectory('pulumi-language', 'github.com/pulumi/pulumi/sdk/v3', options);
  mkdirSync(dirname(folder), { recursive: true });
  const building = mkdtempSync(`${folder}.`);
  try {
    // Hard links: the engine follows symbolic ones to where it is alone.
    for (const path of Object.values(tools)) linkSync(path, join(building, basename(path)));
    for (const script of scripts) {
      copyFileSync(join(module, 'nodejs', 'dist', script), join(building, script));
      chmodSync(join(building, script), 0o755);
    }
    renameSync(building, folder);
  } catch (error) {
    // Another process may have been faster.
    if (!existsSync(folder)) throw error;
  } finally {
    rmSync(building, { recursive: true, force: true });
  }
  return folder;
}
