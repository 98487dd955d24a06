import type { Problem } from '../../../charts/problem.ts';

/** Who commits to the GitOps repo. */
export interface Identity {
  readonly name: string;
  readonly email: string;
}

/** The program itself: a commit by a person's name would say that the person wrote it. The domain can't receive mail (RFC 6761). */
export const defaultIdentity: Identity = { name: 'fullcycle', email: 'fullcycle@fullcycle.invalid' };

/** What is wrong with an identity (`E_NAME`): git would drop or misread these characters. */
export function checkIdentity(field: string, identity: Identity): Problem[] {
  return (['name', 'email'] as const).flatMap((part) => {
    const value = identity[part];
    const bad = (rule: string): Problem[] => [
      { code: 'E_NAME', field: `${field}.${part}`, value, rule, fix: 'write it as git config takes it' },
    ];
    if (value.trim() === '' || value.length > 200) return bad(`the ${part} of a committer has 1 to 200 characters`);
    if (/[<>\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/u.test(value)) return bad(`the ${part} of a committer has no < > or control characters`);
    if (/^[\s.,:;"'\\]|[\s.,:;"'\\]$/.test(value))
      return bad(`the ${part} of a committer neither begins nor ends with space or punctuation`);
    if (part === 'email' && /\s/.test(value)) return bad('the email of a committer has no spaces');
    return [];
  });
}
