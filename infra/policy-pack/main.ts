import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache();
const { PolicyPack } = await import('@pulumi/policy');
const { listEnvironments, loadStack } = await import('../config.ts');
const { bootstrapPack } = await import('./pack.ts');

const project = fileURLToPath(new URL('../..', import.meta.url)).replace(/\/$/, '');
const namespaces = new Map<string, Promise<string>>();

/** `argocd.namespace` of the stack; a program with stacks of its own has Argo CD where its install has it. */
function namespaceOf(stack: string): Promise<string> {
  const found = namespaces.get(stack) ?? readNamespace(stack);
  namespaces.set(stack, found);
  return found;
}

async function readNamespace(stack: string): Promise<string> {
  if (!(await listEnvironments(project)).includes(stack)) return 'argocd';
  return (await loadStack(project, stack)).environment.argocd.namespace;
}

// The pack's version is that of the package.json where it runs.
process.chdir(project);
// An engine that is killed closes stdin.
process.stdin.once('end', () => process.exit()).resume();
new PolicyPack('fullcycle', bootstrapPack(namespaceOf));
