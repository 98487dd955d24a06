import { enableCompileCache } from 'node:module';

// The engine starts a plugin twice in every run; compiled code halves its start.
enableCompileCache();
const { runPlugin } = await import('../plugin.ts');
const { fullcycle } = await import('./fullcycle.ts');
await runPlugin(fullcycle());
