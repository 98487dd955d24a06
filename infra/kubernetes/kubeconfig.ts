import { isAbsolute, resolve, sep } from 'node:path';
import { type Document, parseDocument, stringify } from 'yaml';
import { isObject, type Json, type JsonObject } from './json.ts';
import { objectsAt, textAt } from './object.ts';

/** The entries of one kubeconfig, or of several merged. Entries are kept as they are, so that every way to log in survives. */
export interface Kubeconfig {
  readonly clusters: readonly JsonObject[];
  readonly users: readonly JsonObject[];
  readonly contexts: readonly JsonObject[];
}

/** A kubeconfig with one context, its cluster and its user. */
export interface SingleContext {
  /** YAML; needs no other kubeconfig, but the files it names. */
  readonly text: string;
  /** `https://host:port`, without a final slash. */
  readonly server: string;
}

/** What is wrong with a kubeconfig; never quotes it, since it holds secrets. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

const sections = ['clusters', 'users', 'contexts'] as const;

/**
 * Reads the text of a kubeconfig. Relative paths in it become absolute.
 * @param folder absolute folder that relative paths start at: the file's own
 * @throws KubeconfigError
 */
export function parseKubeconfig(text: string, folder: string): Kubeconfig {
  const document = parseDocument(text);
  const [error] = document.errors;
  if (error) throw new KubeconfigError(`not YAML at line ${error.linePos?.[0].line ?? 1}`);
  const root = toValue(document);
  if (!isObject(root)) throw new KubeconfigError('not a mapping');
  for (const section of sections) checkNames(section, objectsAt(root, section));
  return {
    clusters: objectsAt(root, 'clusters').map((entry) => absolute(entry, 'cluster', folder)),
    users: objectsAt(root, 'users').map((entry) => absolute(entry, 'user', folder)),
    contexts: objectsAt(root, 'contexts'),
  };
}

/** Several kubeconfigs as one, as kubectl does it: of entries with one name the first counts. */
export function mergeKubeconfigs(configs: readonly Kubeconfig[]): Kubeconfig {
  const merged = (section: (typeof sections)[number]) => {
    const byName = new Map<string, JsonObject>();
    for (const entry of configs.flatMap((config) => config[section])) if (!byName.has(nameOf(entry))) byName.set(nameOf(entry), entry);
    return [...byName.values()];
  };
  return { clusters: merged('clusters'), users: merged('users'), contexts: merged('contexts') };
}

/** Names of all contexts, in their order. */
export function contextNames({ contexts }: Kubeconfig): string[] {
  return contexts.map(nameOf);
}

/** Leaves one context and what it needs. @throws KubeconfigError when there is no such context, or its cluster or user is missing */
export function singleContext(config: Kubeconfig, name: string): SingleContext {
  const context = find(config.contexts, name) ?? missing(`has no context ${name}`);
  const clusterName = textAt(context, 'context', 'cluster') ?? '';
  const userName = textAt(context, 'context', 'user') ?? '';
  const cluster = find(config.clusters, clusterName) ?? missing(`its cluster ${clusterName || '""'} is not in the kubeconfig`);
  const server = textAt(cluster, 'cluster', 'server')?.replace(/\/$/, '') || missing(`its cluster ${clusterName} names no server`);
  const user = userName === '' ? undefined : (find(config.users, userName) ?? missing(`its user ${userName} is not in the kubeconfig`));
  const single = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [cluster],
    users: user ? [user] : [],
    contexts: [context],
    'current-context': name,
  };
  return { text: stringify(single, { lineWidth: 0, aliasDuplicateObjects: false }), server };
}

function toValue(document: Document): unknown {
  try {
    return document.toJS() ?? {};
  } catch (cause) {
    throw new KubeconfigError('has too many aliases, or one without an anchor', { cause });
  }
}

function checkNames(section: string, entries: readonly JsonObject[]): void {
  const names = entries.map(nameOf);
  const twice = names.find((name, index) => names.indexOf(name) < index);
  if (twice !== undefined) throw new KubeconfigError(`${section} has ${twice} twice`);
}

function absolute(entry: JsonObject, key: string, folder: string): JsonObject {
  const settings = entry[key];
  if (!isObject(settings)) return entry;
  const entries = Object.entries(settings).map(([name, value]) => [name, isPath(name) ? absolutePath(value, folder) : value]);
  const { exec } = settings;
  const command = textAt(exec, 'command');
  // A bare name is looked up on PATH.
  const ran = isObject(exec) && command?.includes(sep) ? { exec: { ...exec, command: absolutePath(command, folder) } } : {};
  return { ...entry, [key]: { ...Object.fromEntries(entries), ...ran } };
}

function isPath(name: string): boolean {
  return ['certificate-authority', 'client-certificate', 'client-key', 'tokenFile'].includes(name);
}

function absolutePath(value: Json | undefined, folder: string): Json {
  return typeof value === 'string' && value !== '' && !isAbsolute(value) ? resolve(folder, value) : (value ?? null);
}

function nameOf(entry: JsonObject): string {
  return textAt(entry, 'name') ?? '';
}

function find(entries: readonly JsonObject[], name: string): JsonObject | undefined {
  return entries.find((entry) => nameOf(entry) === name);
}

function missing(rule: string): never {
  throw new KubeconfigError(rule);
}
