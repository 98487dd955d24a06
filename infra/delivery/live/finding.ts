import { describe, type ObjectReference } from '../../kubernetes/object.ts';
import { clean } from '../errors.ts';

/** Characters of a line; messages of a cluster can be pages. */
const longest = 300;

/** What one object of the cluster says about one hop. */
export interface Finding {
  /** `synced`: the cluster was told; `live`: it does what it was told. */
  readonly hop: 'synced' | 'live';
  readonly object: ObjectReference;
  /** Whose state it is, in progress lines: `dev-goserver`. */
  readonly subject: string;
  readonly isDone: boolean;
  /** The state in a few words: `OutOfSync`. */
  readonly state: string;
  /** More about why it isn't done. */
  readonly why?: string;
}

/** A hop as a whole. */
export interface HopVerdict {
  readonly hop: Finding['hop'];
  readonly state: 'current' | 'behind';
  /** What is wrong with the first object that lags, or what all of them have reached. */
  readonly why: string;
}

/** The verdict on both hops. @param reached what to say of a hop that is complete, by hop */
export function verdicts(findings: readonly Finding[], reached: Readonly<Record<Finding['hop'], string>>): HopVerdict[] {
  return (['synced', 'live'] as const).map((hop) => {
    const lagging = findings.filter((finding) => finding.hop === hop && !finding.isDone);
    const [first] = lagging;
    if (!first) return { hop, state: 'current', why: reached[hop] };
    const others = lagging.length > 1 ? `; and ${lagging.length - 1} more` : '';
    return { hop, state: 'behind', why: `${first.subject}: ${tell(first)}${others}` };
  });
}

/** The state and the reason for it, on one line. */
export function tell({ state, why }: Finding): string {
  return short(why ? `${state}: ${why}` : state);
}

/** What a cluster says, fit to be printed: one line without escapes, and not too long. */
export function short(text: string): string {
  const line = clean(text).trim();
  return line.length > longest ? `${line.slice(0, longest - 3)}...` : line;
}

/** What changed between two looks, a line each: `dev-goserver OutOfSync → Synced`. Nothing after the first look, but what is not done yet. */
export function changes(before: readonly Finding[] | undefined, after: readonly Finding[]): string[] {
  const key = ({ hop, object, subject }: Finding) => `${hop} ${describe(object)} ${subject}`;
  const states = new Map(before?.map((finding) => [key(finding), finding.state]));
  return after.flatMap((finding) => {
    const { subject, state, isDone } = finding;
    const earlier = states.get(key(finding));
    if (earlier === state || (earlier === undefined && isDone)) return [];
    return [short(earlier === undefined ? `${subject} ${state}` : `${subject} ${earlier} → ${state}`)];
  });
}
