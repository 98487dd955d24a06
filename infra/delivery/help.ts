import { writeFileSync } from 'node:fs';
import { createProgram } from './cli.ts';

/** The text of `fullcycle --help`, as the parser writes it. */
export function helpText(): string {
  return createProgram(new AbortController().signal, () => {}).helpInformation();
}

if (import.meta.main) writeFileSync(new URL('./help.txt', import.meta.url), helpText());
