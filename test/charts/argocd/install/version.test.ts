import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkUpgrade, checkVersion, isAtLeast } from '../../../../charts/argocd/install/version.ts';
import { exit, Failure, formatProblem } from '../../../../infra/delivery/errors.ts';

const unsafe = (version: string) =>
  `error[E_ARGO_VERSION] argocd.version: ${version} - at least 3.2.12, 3.3.10, 3.4.2 on its line: earlier ones show Secrets to readers (CVE-2026-42880, CVE-2026-45737) - take a newer version`;
const skipped = (steps: string, next: string) =>
  `error[E_ARGO_SKIP_MINOR] argocd.version: ${steps} - one minor version at a time, forward or back - install ${next} first`;

describe('a version', () => {
  it.each(['3.2.12', '3.2.13', '3.3.10', '3.4.2', '3.4.13', '3.5.0', '3.5.7', '3.6.0', '4.0.0'])('%s may be installed', (version) => {
    expect(checkVersion('argocd.version', version)).toEqual([]);
  });

  it.each(['1.8.7', '2.14.22', '3.0.14', '3.1.2', '3.1.99', '3.2.11', '3.3.9', '3.4.1', '3.4.0'])('%s is below the fixes', (version) => {
    expect(checkVersion('argocd.version', version).map(formatProblem)).toEqual([unsafe(version)]);
  });

  it.each(['', '3', '3.5', '3.5.7.1', '3.5.x', '3.5.7-rc1', '03.5.7', '3.5.7 ', 'latest', '3.5.99999'])('"%s" is none', (version) => {
    expect(checkVersion('argocd.version', version).map(formatProblem)).toEqual([
      `error[E_ARGO_VERSION] argocd.version: ${version || '""'} - a version of three numbers - write it like 3.5.7`,
    ]);
  });

  it.each([
    ['3.5.0', '3.5', true],
    ['3.10.0', '3.5', true],
    ['4.0.0', '3.5', true],
    ['3.4.13', '3.5', false],
    ['2.9.9', '3.5', false],
    ['nothing', '3.5', false],
  ])('%s is at least %s: %s', (version, minor, expected) => {
    expect(isAtLeast(version, minor)).toBe(expected);
  });
});

describe('an upgrade', () => {
  it.each([
    ['3.5.7', '3.5.7'],
    ['3.5.6', '3.5.7'],
    ['3.5.7', '3.5.6'],
    ['v3.4.13', '3.5.7'],
    ['3.1.2', '3.2.12'],
    ['3.5.7', '3.4.13'],
    ['3.5.7', '3.6.1'],
    ['3.4.1', '3.4.13'],
  ])('from %s to %s is allowed', (from, to) => {
    expect(checkUpgrade(from, to)).toEqual([]);
  });

  it.each([
    ['3.1.4', '3.3.10', [skipped('3.1.4 -> 3.3.10', '3.2')]],
    ['3.3.10', '3.5.7', [skipped('3.3.10 -> 3.5.7', '3.4')]],
    ['3.5.7', '3.3.10', [skipped('3.5.7 -> 3.3.10', '3.4')]],
    ['v3.4.13', '3.7.0', [skipped('3.4.13 -> 3.7.0', '3.5')]],
    ['3.4.13', '3.3.9', [unsafe('3.3.9')]],
    ['3.1.4', '3.3.9', [unsafe('3.3.9'), skipped('3.1.4 -> 3.3.9', '3.2')]],
    [
      '2.14.22',
      '3.5.7',
      [
        'error[E_ARGO_SKIP_MINOR] argocd.version: 2.14.22 -> 3.5.7 - one minor version at a time, forward or back - follow https://argo-cd.readthedocs.io/en/stable/operator-manual/upgrading/overview/',
      ],
    ],
    [
      'latest',
      '3.5.7',
      [
        'error[E_ARGO_VERSION] argocd.version: latest - the installed version must be three numbers - install a released version by hand first',
      ],
    ],
    ['3.5.7', 'latest', ['error[E_ARGO_VERSION] argocd.version: latest - a version of three numbers - write it like 3.5.7']],
  ])('from %s to %s is refused', (from, to, problems) => {
    expect(checkUpgrade(from, to).map(formatProblem)).toEqual(problems);
  });

  it('that skips is a guard, a bad version is bad input', () => {
    expect(new Failure(checkUpgrade('3.1.4', '3.3.10')).exitCode).toBe(exit.guard);
    expect(new Failure(checkUpgrade('3.4.13', '3.3.9')).exitCode).toBe(exit.usage);
  });

  it('skips exactly when it spans more than one minor of a major, and is then refused in both directions', () => {
    const part = fc.nat({ max: 30 });
    fc.assert(
      fc.property(part, part, part, part, (from, to, a, b) => {
        const skips = checkUpgrade(`3.${from}.${a}`, `3.${to}.${b}`).some(({ code }) => code === 'E_ARGO_SKIP_MINOR');
        expect(skips).toBe(Math.abs(from - to) > 1);
      }),
      { numRuns: 10_000 },
    );
  });
});
