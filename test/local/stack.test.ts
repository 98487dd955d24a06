import { describe, expect, it } from 'vitest';
import { changesOf } from '../../infra/local/stack.ts';

describe('what the engine counts', () => {
  it.each([
    ['a first run', '\nResources:\n    + 74 created\n\nDuration: 58s\n', { created: 74 }],
    ['nothing to do', '\nResources:\n    74 unchanged\n\nDuration: 9s\n', { unchanged: 74 }],
    [
      'a change',
      '\nOutputs:\n  ~ commit: "a" => "b"\n\nResources:\n    ~ 2 updated\n    +-1 replaced\n    - 1 deleted\n    4 changes. 70 unchanged\n',
      { updated: 2, replaced: 1, deleted: 1, unchanged: 70 },
    ],
    ['nothing at all', '', {}],
  ])('is read after %s', (_what, printed, changes) => {
    expect(changesOf(printed)).toEqual(changes);
  });
});
