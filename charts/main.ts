import { fileURLToPath } from 'node:url';
import { loadStacks } from '../infra/config.ts';
import { synth } from '../infra/delivery/synth.ts';

// The edge of charts: what `cdk8s synth` starts. It writes the same bytes as `fullcycle synth`, where cdk8s asks for them.
const project = fileURLToPath(new URL('..', import.meta.url));
await synth(await loadStacks(project, undefined), process.env.CDK8S_OUTDIR ?? 'dist');
