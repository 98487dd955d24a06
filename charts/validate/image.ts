import type { Problem } from '../problem.ts';

const host = String.raw`(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*)(?::[0-9]{1,5})?`;
const part = String.raw`[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*`;
const namePattern = new RegExp(`^(?:${host}/)?${part}(?:/${part})*$`);
const tagPattern = /^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$/;
const digestPattern = /^sha256:[0-9a-f]{64}$/;

/** An image reference taken apart. */
export interface ImageReference {
  readonly name: string;
  readonly tag?: string;
  readonly digest?: string;
}

/** Splits `name[:tag][@digest]` without judging the parts. */
export function parseImage(reference: string): ImageReference {
  const at = reference.indexOf('@');
  const [tagged, digest] = at < 0 ? [reference, undefined] : [reference.slice(0, at), reference.slice(at + 1)];
  const colon = tagged.indexOf(':', tagged.lastIndexOf('/') + 1);
  return colon < 0 ? { name: tagged, digest } : { name: tagged.slice(0, colon), tag: tagged.slice(colon + 1), digest };
}

/**
 * `checkImage(field, value): Problem[]` - E_IMAGE unless `name[:tag]@sha256:<64 lower-case hex>`, and the tag is not `latest`.
 * Source of the rule: the OCI distribution spec; the digest is what makes a deployment repeatable.
 */
export function checkImage(field: string, value: unknown): Problem[] {
  const { name, tag, digest } = parseImage(typeof value === 'string' ? value : '');
  const pinned = digestPattern.test(digest ?? '') && tag !== 'latest';
  if (pinned && isName(name) && (tag === undefined || tagPattern.test(tag))) return [];
  const rule = 'name[:tag]@sha256:<64 lower-case hex>, the tag at most 128 characters and never latest';
  return [{ code: 'E_IMAGE', field, value, rule, fix: 'pin the image by the digest that the registry reports' }];
}

/** `checkImageName(field, value): Problem[]` - E_IMAGE unless `[host[:port]/]path`, lower case, 255 at most, without scheme, tag, digest or credentials. */
export function checkImageName(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && isName(value)) return [];
  const rule = 'an image name: [host[:port]/]path in lower case, at most 255 characters, without scheme, credentials, tag or digest';
  return [{ code: 'E_IMAGE', field, value, rule, fix: 'write it like registry.example.com/team' }];
}

/** `checkTag(field, value): Problem[]` - E_IMAGE unless an OCI tag of 128 at most that is not `latest`. */
export function checkTag(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && value !== 'latest' && tagPattern.test(value)) return [];
  const rule = 'a tag: 1 to 128 of A-Z, a-z, 0-9, "_", "." and "-", not starting with "." or "-", never latest';
  return [{ code: 'E_IMAGE', field, value, rule, fix: 'tag the image with the source commit' }];
}

/** `checkDigest(field, value): Problem[]` - E_IMAGE unless `sha256:<64 lower-case hex>`. */
export function checkDigest(field: string, value: unknown): Problem[] {
  if (typeof value === 'string' && digestPattern.test(value)) return [];
  const rule = 'a digest: sha256:<64 lower-case hex>';
  return [{ code: 'E_IMAGE', field, value, rule, fix: 'copy the digest that the registry reports' }];
}

function isName(name: string): boolean {
  return name.length <= 255 && namePattern.test(name);
}
