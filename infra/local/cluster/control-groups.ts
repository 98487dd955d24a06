import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const root = '/sys/fs/cgroup';
const handedDown = ['cpu', 'cpuset', 'hugetlb', 'io', 'memory', 'pids'];
const attempts = 50;
const attemptMilliseconds = 100;

/** Makes the control group that all pods of a node live under, in every hierarchy of the machine. */
export function createControlGroups(name: string): void {
  for (const hierarchy of hierarchies()) {
    const group = join(hierarchy, name);
    enableControllers(hierarchy);
    mkdirSync(group, { recursive: true });
    // In version 1 a new group of the cpuset controller has no processors until it is given some.
    for (const file of ['cpuset.cpus', 'cpuset.mems']) inherit(hierarchy, group, file);
  }
}

/** Removes the group and all below it. Their processes must have ended. @returns groups that could not be removed */
export async function removeControlGroups(name: string): Promise<string[]> {
  for (let attempt = 0; ; attempt += 1) {
    const left = hierarchies()
      .map((hierarchy) => join(hierarchy, name))
      .filter((group) => existsSync(group) && !removeTree(group));
    if (left.length === 0 || attempt === attempts) return left;
    await sleep(attemptMilliseconds);
  }
}

/** Mounted hierarchies: one per controller in version 1, the root itself in version 2. */
function hierarchies(): string[] {
  if (existsSync(join(root, 'cgroup.controllers'))) return [root];
  return readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, 'cgroup.procs')))
    .map((entry) => join(root, entry.name));
}

/** In version 2 a group has the controllers that its parent hands down; a kubelet insists on all of these that the machine has. */
function enableControllers(hierarchy: string): void {
  const available = join(hierarchy, 'cgroup.controllers');
  if (!existsSync(available)) return;
  const wanted = readFileSync(available, 'utf8')
    .split(/\s+/)
    .filter((controller) => handedDown.includes(controller));
  for (const controller of wanted) {
    try {
      writeFileSync(join(hierarchy, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // the kubelet says which one it misses
    }
  }
}

function inherit(parent: string, group: string, file: string): void {
  if (!existsSync(join(parent, file)) || !existsSync(join(group, file))) return;
  if (readFileSync(join(group, file), 'utf8').trim() === '') writeFileSync(join(group, file), readFileSync(join(parent, file)));
}

/** A group is a folder whose files can't be deleted but go with it. */
function removeTree(group: string): boolean {
  try {
    const below = readdirSync(group, { withFileTypes: true }).filter((entry) => entry.isDirectory());
    const removed = below.map((entry) => removeTree(join(group, entry.name)));
    if (removed.includes(false)) return false;
    rmdirSync(group);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT';
  }
}
