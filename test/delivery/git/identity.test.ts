import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { checkIdentity, defaultIdentity } from '../../../infra/delivery/git/identity.ts';

const told = (name: string, email: string): string => checkIdentity('gitops.author', { name, email }).map(formatProblem).join('\n');
const fix = 'write it as git config takes it';

describe('who commits', () => {
  it.each([
    [defaultIdentity.name, defaultIdentity.email],
    ['Jörg Müller', 'joerg+bot@example.com'],
    ['deploy-bot[bot]', '41898282+deploy-bot[bot]@users.noreply.example.com'],
  ])('may be %s <%s>', (name, email) => {
    expect(told(name, email)).toBe('');
  });

  it.each([
    ['', 'a@b', `error[E_NAME] gitops.author.name: "" - the name of a committer has 1 to 200 characters - ${fix}`],
    [
      'x'.repeat(201),
      'a@b',
      `error[E_NAME] gitops.author.name: ${'x'.repeat(117)}... - the name of a committer has 1 to 200 characters - ${fix}`,
    ],
    ['a <b', 'a@b', `error[E_NAME] gitops.author.name: a <b - the name of a committer has no < > or control characters - ${fix}`],
    ['a\nb', 'a@b', `error[E_NAME] gitops.author.name: a b - the name of a committer has no < > or control characters - ${fix}`],
    ['a\u202eb', 'a@b', `error[E_NAME] gitops.author.name: a b - the name of a committer has no < > or control characters - ${fix}`],
    [
      'a.',
      'a@b',
      `error[E_NAME] gitops.author.name: a. - the name of a committer neither begins nor ends with space or punctuation - ${fix}`,
    ],
    ['a', 'a @b', `error[E_NAME] gitops.author.email: a @b - the email of a committer has no spaces - ${fix}`],
  ])('may not be %j <%s>', (name, email, text) => {
    expect(told(name, email)).toBe(text);
  });
});
