import { supervise } from './supervisor.ts';

const [state] = process.argv.slice(2);
if (!state) throw new Error('usage: supervisor-process.ts <state folder>');
await supervise(state);
