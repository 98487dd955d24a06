import { runPlugin } from '../plugin.ts';
import { kubernetes } from './kubernetes.ts';

await runPlugin(kubernetes());
