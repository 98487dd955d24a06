/** Shapes of credentials by their issuer. Source: the rules of gitleaks, https://github.com/gitleaks/gitleaks. */
const shapes: readonly (readonly [kind: string, pattern: RegExp])[] = [
  ['a private key', /-----BEGIN [A-Z ]*PRIVATE KEY/],
  ['an AWS access key', /\b(?:AKIA|ASIA)[0-9A-Z]{16}\b/],
  ['a GitHub token', /\b(?:gh[pousr]_[A-Za-z0-9]{30,}|github_pat_[A-Za-z0-9_]{22,})/],
  ['a GitLab token', /\bgl(?:pat|ptt|rt|dt|cbt)-[A-Za-z0-9_-]{20,}/],
  ['a Slack token', /\bxox[abeprs]-[A-Za-z0-9-]{10,}/],
  ['a Google API key', /\bAIza[A-Za-z0-9_-]{35}/],
  ['a Docker Hub token', /\bdckr_pat_[A-Za-z0-9_-]{20,}/],
  ['an npm token', /\bnpm_[A-Za-z0-9]{36}/],
  ['a Pulumi token', /\bpul-[0-9a-f]{40}\b/],
  ['a Vault token', /\bhvs\.[A-Za-z0-9_-]{20,}/],
  ['an API key', /\bsk[-_](?:live|test|proj|ant)?[-_]?[A-Za-z0-9_-]{20,}/],
  ['a JSON web token', /\beyJ[A-Za-z0-9_-]{8,}\.eyJ[A-Za-z0-9_-]{8,}/],
  ['a password in a URL', /[a-z][a-z0-9+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i],
];

const base64Run = /[A-Za-z0-9+/_-]{24,}={0,2}/g;
const secretName = /pass(?:word|wd|phrase)|secret|token|credential|api[-_]?key|private[-_]?key|access[-_]?key/i;
/** Such a name tells where a secret is, or how long it lives, and is none itself. */
const namesReference = /(?:[-_](?:file|path|name|ref|url|ttl|seconds|expiry|header)|Name|Ref|File|Path)$/;

/** Says what secret a text looks like, or undefined. Looks into base64 too, and takes long random text for a secret. */
export function secretIn(text: string): string | undefined {
  if (text.length < 16) return undefined;
  for (const [kind, pattern] of shapes) if (pattern.test(text)) return kind;
  for (const [run] of text.matchAll(base64Run)) {
    const decoded = decode(run);
    if (decoded && shapes.some(([, pattern]) => pattern.test(decoded))) return 'a credential in base64';
    if (isRandom(run)) return 'a random value';
  }
  return undefined;
}

/** True for names such as `DB_PASSWORD` or `api-key` whose literal value would be a secret whatever it looks like. */
export function namesSecret(name: string): boolean {
  return secretName.test(name) && !namesReference.test(name) && !/_(?:FILE|PATH|NAME|REF|URL|TTL|SECONDS|EXPIRY|HEADER)$/.test(name);
}

function decode(run: string): string | undefined {
  if (run.length < 32 || run.length % 4 === 1) return undefined;
  return Buffer.from(run, 'base64').toString('latin1');
}

/**
 * Random text jumps between lower case, upper case and digits at most characters, names do at word boundaries. Hexadecimal is judged by its
 * length: 32 digits are a key, 40 and 64 are commits and digests.
 */
function isRandom(run: string): boolean {
  if (/^[0-9a-f]+$/i.test(run)) return run.length === 32 || run.length === 48 || run.length === 128;
  const classes = [...run].map((character) => (/[a-z]/.test(character) ? 'lower' : /[A-Z]/.test(character) ? 'upper' : 'other'));
  const jumps = classes.filter((each, index) => index > 0 && each !== classes[index - 1]).length;
  const isMixed = /[a-z]/.test(run) && /[A-Z]/.test(run) && /[0-9].*[0-9]/.test(run);
  return isMixed && jumps > run.length * 0.45 && entropy(run) > 4;
}

/** Shannon entropy, bits per character. */
function entropy(text: string): number {
  const counts = new Map<string, number>();
  for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1);
  let bits = 0;
  for (const count of counts.values()) bits -= (count / text.length) * Math.log2(count / text.length);
  return bits;
}
