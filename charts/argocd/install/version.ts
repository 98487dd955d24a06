import type { Problem } from '../../problem.ts';

interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const pattern = /^v?(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})\.(0|[1-9][0-9]{0,3})$/;
const upgradeNotes = 'https://argo-cd.readthedocs.io/en/stable/operator-manual/upgrading/overview/';

/**
 * First patch of each minor that does not show Secrets to everyone who may read an Application: CVE-2026-42880, and CVE-2026-45737, which
 * the fix of the former left open. Older minors have no fix, newer ones were fixed from the start.
 * Source: https://github.com/advisories/GHSA-rg3g-4rw9-gqrp
 */
const firstSafe: readonly Version[] = [
  { major: 3, minor: 2, patch: 12 },
  { major: 3, minor: 3, patch: 10 },
  { major: 3, minor: 4, patch: 2 },
];

/** `checkVersion(field, version): Problem[]` - E_ARGO_VERSION unless three numbers, and not below the fixes of known vulnerabilities. */
export function checkVersion(field: string, value: string): Problem[] {
  const version = parseVersion(value);
  if (!version) {
    return [{ code: 'E_ARGO_VERSION', field, value, rule: 'a version of three numbers', fix: 'write it like 3.5.7' }];
  }
  if (isSafe(version)) return [];
  const rule = `at least ${firstSafe.map(show).join(', ')} on its line: earlier ones show Secrets to readers (CVE-2026-42880, CVE-2026-45737)`;
  return [{ code: 'E_ARGO_VERSION', field, value, rule, fix: 'take a newer version' }];
}

/**
 * `checkUpgrade(from, to): Problem[]` - what is wrong with replacing the installed version by another: E_ARGO_VERSION when `to` is none
 * to install, E_ARGO_SKIP_MINOR unless it is the same minor, the next one, or the one before.
 * @param from as installed, a leading `v` allowed as in image tags
 */
export function checkUpgrade(from: string, to: string): Problem[] {
  const field = 'argocd.version';
  const problems = checkVersion(field, to);
  const before = parseVersion(from);
  const after = parseVersion(to);
  if (!before) {
    const rule = 'the installed version must be three numbers';
    problems.push({ code: 'E_ARGO_VERSION', field, value: from, rule, fix: 'install a released version by hand first' });
  }
  if (!before || !after) return problems;
  const steps = after.minor - before.minor;
  if (before.major === after.major && Math.abs(steps) <= 1) return problems;
  const next = `${before.major}.${before.minor + Math.sign(steps)}`;
  const fix = before.major === after.major ? `install ${next} first` : `follow ${upgradeNotes}`;
  const rule = 'one minor version at a time, forward or back';
  return [...problems, { code: 'E_ARGO_SKIP_MINOR', field, value: `${show(before)} -> ${show(after)}`, rule, fix }];
}

/** True for a version of the same minor as `minor` (`3.5`) or a later one. */
export function isAtLeast(version: string, minor: string): boolean {
  const [major = 0, least = 0] = minor.split('.').map(Number);
  const found = parseVersion(version);
  return found !== undefined && (found.major > major || (found.major === major && found.minor >= least));
}

function isSafe(version: Version): boolean {
  const [oldest] = firstSafe;
  if (oldest && compare(version, oldest) < 0) return false;
  const line = firstSafe.find(({ major, minor }) => major === version.major && minor === version.minor);
  return !line || compare(version, line) >= 0;
}

function compare(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor || a.patch - b.patch;
}

function parseVersion(text: string): Version | undefined {
  const match = pattern.exec(text);
  return match ? { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) } : undefined;
}

function show({ major, minor, patch }: Version): string {
  return `${major}.${minor}.${patch}`;
}
