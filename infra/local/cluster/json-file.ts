import { readFileSync, renameSync, writeFileSync } from 'node:fs';

/** The value in a JSON file that this program wrote; undefined when there is none, or none that can be read. */
export function readJson<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes a JSON file that only its owner can read; nobody ever sees half of it. */
export function writeJson(file: string, value: unknown): void {
  writeFileSync(`${file}.new`, JSON.stringify(value, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
