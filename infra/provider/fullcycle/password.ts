import { randomBytes } from 'node:crypto';
import { compare, difference } from '../difference.ts';
import type { PropertyProblem } from '../provider.ts';
import { type PropertyMap, reveal, Secret, unknown } from '../value.ts';
import { type ResourceType, wrong } from './resource.ts';

/** As many as AES-256 keys have: 43 characters in base64url. */
const bytes = 32;

/**
 * A random password, made once and kept in the state, encrypted. It stays what it is over updates; another keeper makes another one.
 * Deleting the resource forgets it.
 */
export const password: ResourceType = {
  check: async ({ news }) => ({ inputs: news, problems: checkKeeper(news) }),
  async diff({ oldInputs, news, ignoreChanges }) {
    const changes = compare(oldInputs, news).map((change) => ({ ...change, replaces: true, fromInputs: true }));
    return difference(changes, ignoreChanges);
  },
  async create({ inputs, preview }, { name }) {
    const value = new Secret(preview ? unknown : randomBytes(bytes).toString('base64url'));
    return { id: preview ? '' : name, outputs: { ...inputs, value } };
  },
  update: async ({ news, oldOutputs }) => ({ ...news, value: oldOutputs.value ?? null }),
  // The state is the only place where it is; there is nothing to import it from.
  read: async ({ id, inputs, outputs }) => (outputs.value === undefined ? undefined : { id, inputs, outputs }),
  async delete() {},
};

function checkKeeper({ keeper = null }: PropertyMap): PropertyProblem[] {
  const known = keeper instanceof Secret ? keeper.value : keeper;
  if (known === null || known === unknown || typeof known === 'string') return [];
  const value = keeper instanceof Secret ? undefined : reveal(keeper);
  return [wrong('keeper', { code: 'E_TYPE', value, rule: 'a text', fix: 'change it to get another password' })];
}
