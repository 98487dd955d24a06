import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

/**
 * Hash of everything that decides the bytes of an image: `sha256:` and 64 hex digits. A line each, sorted, so that the order in
 * which they were found changes nothing:
 * - `builder …`, `recipe …`: which way of building, and our own code of it
 * - `platform …`, and what the builder adds: toolchain, base, flags, lock files
 * - `file|executable|link "<path>" <hash>`: the source
 */
export function hashInputs(lines: readonly string[]): string {
  return `sha256:${createHash('sha256')
    .update([...lines].sort().join('\n'))
    .digest('hex')}`;
}

/** Tag under which the registry remembers what was built from these inputs. */
export function inputsTag(inputs: string): string {
  return `inputs-${inputs.slice('sha256:'.length, 'sha256:'.length + 32)}`;
}

/** A line for each of our own source files that decides the bytes: another version of the builder is another image. */
export function recipe(...files: readonly URL[]): string[] {
  return files.map((file) => `recipe ${createHash('sha256').update(readFileSync(file)).digest('hex')}`);
}
