import { describe, expect, it } from 'vitest';
import { loadStacks } from '../../infra/config.ts';
import { arrivals, chainOf } from '../../infra/delivery/explain.ts';
import type { EnvironmentCommit } from '../../infra/delivery/release/release-history.ts';

const stacks = await loadStacks(new URL('../..', import.meta.url).pathname, undefined);

/** A history, the newest first, of what one service ran: a letter each, `-` for nothing. */
async function* ran(letters: string): AsyncGenerator<EnvironmentCommit> {
  for (const [index, letter] of [...letters].entries()) {
    const images = letter === '-' ? {} : { goserver: { name: 'n', tag: 't', digest: letter, inputs: 'i' } };
    yield {
      commit: String(index),
      time: -index,
      who: 'ada',
      verb: 'deliver',
      holds: [],
      release: { images } as EnvironmentCommit['release'],
    };
  }
}

describe('the chain of an environment', () => {
  it.each([
    ['dev', ['dev']],
    ['staging', ['dev', 'staging']],
    ['prod', ['dev', 'staging', 'prod']],
  ])('of %s is %j', (name, chain) => {
    const stack = stacks.find(({ environment }) => environment.name === name);
    expect(stack && chainOf(stack, stacks).map(({ environment }) => environment.name)).toEqual(chain);
  });
});

describe('the commit that brought an image', () => {
  it.each<[string, string, string | undefined]>([
    ['is the first one that ran it', 'aab', '1'],
    ['is the first of the last time, when it was away in between', 'aaba', '1'],
    ['is found though others have followed', 'ccab', '2'],
    ['is none where it never ran', 'bc-', undefined],
    ['is none in an empty history', '', undefined],
  ])('%s: %s', async (_what, history, commit) => {
    expect((await arrivals(ran(history), { goserver: { digest: 'a' } })).get('goserver')?.commit).toBe(commit);
  });
});
