import { accessSync, constants, existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { tryRun } from '../delivery/process.ts';
import { build, downloadModule, goVersion, moduleFolder, programFolder, type Workshop } from './tool-build.ts';
import { type Tool, type ToolGroupName, type ToolName, toolGroups, toolTable } from './tool-table.ts';

export type { ToolGroupName, ToolName } from './tool-table.ts';

export interface ToolOptions {
  /** Called with a line at a time while a tool is built. @default nothing is said */
  readonly onProgress?: (line: string) => void;
  /** Where PATH, HOME, XDG_CACHE_HOME and Go's settings are taken from. @default process.env */
  readonly env?: NodeJS.ProcessEnv;
}

/** What is known about a tool without building it. */
export interface ToolStatus {
  readonly name: ToolName;
  readonly version: string;
  /** `cache`: built earlier; `path`: found on PATH at the pinned version; `unbuilt`: the next use builds it. */
  readonly source: 'cache' | 'path' | 'unbuilt';
  /** Absolute path of the program; undefined while unbuilt. */
  readonly path?: string;
  /** Seconds that building its group takes from nothing on 2 cores. */
  readonly seconds: number;
}

/**
 * Absolute path of a tool at its pinned version: built earlier, found on PATH, or built now.
 * @throws Failure E_TOOL when it must be built and Go is missing, too old, or can't build it
 */
export async function tool(name: ToolName, options: ToolOptions = {}): Promise<string> {
  return (await ensureTools([name], options))[name];
}

/** Like {@link tool} for several at once; those of one group share one build. */
export async function ensureTools<Name extends ToolName>(names: readonly Name[], options: ToolOptions = {}): Promise<Record<Name, string>> {
  const { env = process.env, onProgress = () => {} } = options;
  const found = await Promise.all(names.map(async (name) => [name, await findTool(name, env)] as const));
  const paths = new Map<Name, string>(found.flatMap(([name, at]) => (at ? [[name, at.path]] : [])));
  const missing = names.filter((name) => !paths.has(name));
  for (const [group, members] of Object.entries(Object.groupBy(missing, (name) => toolTable[name].group))) {
    const folder = await build(workshop(group as ToolGroupName, env), members, onProgress);
    for (const name of members) paths.set(name, join(folder, name));
  }
  return Object.fromEntries(paths) as Record<Name, string>;
}

/** Whether a tool is there and where; builds nothing. */
export async function toolStatus(name: ToolName, options: ToolOptions = {}): Promise<ToolStatus> {
  const { version, group } = toolTable[name];
  const found = await findTool(name, options.env ?? process.env);
  return { name, version, source: 'unbuilt', seconds: toolGroups[group].seconds, ...found };
}

/** Absolute folder of a Go module's files, at the version that the group's go.mod pins; downloaded when it isn't there. @throws Failure E_TOOL */
export function moduleDirectory(group: ToolGroupName, modulePath: string, options: ToolOptions = {}): Promise<string> {
  return moduleFolder(workshop(group, options.env ?? process.env), modulePath);
}

/** Absolute folder of a Go module's files at the given version, `v1.2.3`; downloaded when it isn't there, nothing is built. @throws Failure E_TOOL */
export function moduleAt(modulePath: string, version: string, options: ToolOptions = {}): Promise<string> {
  return downloadModule(modulePath, version, options.env ?? process.env);
}

/** The group's part of the table, and where its module and its programs are. */
export function workshop(group: ToolGroupName, env: NodeJS.ProcessEnv): Workshop {
  return {
    module: fileURLToPath(new URL(`tools/${group}`, import.meta.url)),
    tools: Object.fromEntries(Object.entries(toolTable).filter(([, entry]) => entry.group === group)),
    seconds: toolGroups[group].seconds,
    cache: join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), '.cache'), 'fullcycle', 'tools'),
    env,
  };
}

async function findTool(name: ToolName, env: NodeJS.ProcessEnv): Promise<{ source: 'cache' | 'path'; path: string } | undefined> {
  const built = await findBuilt(name, env);
  if (built) return { source: 'cache', path: built };
  const path = findOnPath(name, env.PATH ?? '');
  return path && (await saysVersion(path, toolTable[name])) ? { source: 'path', path } : undefined;
}

async function findBuilt(name: ToolName, env: NodeJS.ProcessEnv): Promise<string | undefined> {
  const go = await goVersion(env).catch(() => undefined);
  if (go === undefined) return undefined;
  const path = join(programFolder(workshop(toolTable[name].group, env), go), name);
  return existsSync(path) ? path : undefined;
}

function findOnPath(name: string, path: string): string | undefined {
  return path
    .split(delimiter)
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, name))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function saysVersion(path: string, { version, versionArguments }: Tool): Promise<boolean> {
  if (!versionArguments) return false;
  const { exitCode, stdout, stderr } = await tryRun([path, ...versionArguments], { timeout: 10_000 });
  const bare = version.replace(/^v/, '');
  return exitCode === 0 && `${stdout} ${stderr}`.split(/[\s"',:]+/).some((word) => word === bare || word === `v${bare}`);
}
