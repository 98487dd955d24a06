import {
  chmodSync,
  copyFileSync,
  existsSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
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

export interface EngineOptions extends ToolOptions {
  /**
   * Absolute folder for what the engine keeps for itself, made when it is not there. Plugins that the user has installed are found
   * from it. The engine writes no log of each run there: that takes more than half of its time and 34 MB for Argo CD,
   * and is only encrypted once a stack is open.
   * @default the user's own: $PULUMI_HOME or ~/.pulumi
   */
  readonly home?: string;
}

/** Starts policy packs and dynamic providers; in the language host's module, but not built from it. */
const scripts = ['pulumi-analyzer-policy', 'pulumi-resource-pulumi-nodejs'];

/** The pinned engine with what it starts, built when it is not there yet. @throws Failure E_TOOL when it can't be built */
export async function pulumiEngine(options: EngineOptions = {}): Promise<Engine> {
  const { env = process.env } = options;
  const { source, path } = await toolStatus('pulumi', options);
  // One that is installed brings its own language hosts.
  const pulumi = source === 'path' && path ? path : join(await assemble(options), 'pulumi');
  const node = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
  const users = env.PULUMI_HOME || join(env.HOME || homedir(), '.pulumi');
  const own = existsSync(join(users, 'plugins', vendorPlugin)) ? [] : [fileURLToPath(new URL('.', import.meta.url))];
  const folders = [dirname(pulumi), node, ...own, env.PATH ?? ''];
  if (options.home) makeHome(options.home, users);
  const home: Record<string, string> = options.home ? { PULUMI_HOME: options.home } : {};
  const closedNetwork = { PULUMI_SKIP_UPDATE_CHECK: 'true', PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: 'true' };
  return { pulumi, env: { PATH: folders.join(delimiter), ...closedNetwork, ...home } };
}

/** The official Kubernetes plugin of the SDK's version, as the engine installs it; where it is, ours stays off PATH, on which it would win. */
const vendorPlugin = `resource-kubernetes-v${sdk.version}`;

function makeHome(home: string, users: string): void {
  mkdirSync(home, { recursive: true, mode: 0o700 });
  const [logs, plugins, installed] = [join(home, 'logs'), join(home, 'plugins'), join(users, 'plugins')];
  // A file where the folder should be: there is no switch.
  if (!existsSync(logs)) writeFileSync(logs, '', { mode: 0o400 });
  if (!existsSync(plugins) && existsSync(installed)) symlinkSync(installed, plugins);
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
