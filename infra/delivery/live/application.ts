import type { JsonObject } from '../../kubernetes/json.ts';
import { at, type ObjectReference, objectsAt, textAt } from '../../kubernetes/object.ts';
import type { TreeEntry } from '../plan/drift.ts';
import type { Finding } from './finding.ts';
import { readsTheSame, type Wanted, type WantedApplication } from './wanted.ts';

/** Files of the GitOps repo by commit; undefined for commits that are not in the branch's history. */
export type Revisions = ReadonlyMap<string, readonly TreeEntry[] | undefined>;

/** An Application by its name. */
export function applicationReference(name: string, namespace: string): ObjectReference {
  return { apiVersion: 'argoproj.io/v1alpha1', kind: 'Application', name, namespace };
}

/**
 * How far Argo CD is with an Application: one finding of whether it has applied what the commit holds, one of whether that is healthy.
 * @param application undefined when it isn't there
 */
export function judgeApplication(
  wanted: Wanted,
  expected: WantedApplication,
  application: JsonObject | undefined,
  revisions: Revisions,
): Finding[] {
  const subject = expected.name;
  const object = applicationReference(subject, wanted.argocd);
  const sync = judgeSync(wanted, expected, application, revisions);
  const health = textAt(application, 'status', 'health', 'status') ?? 'Unknown';
  return [
    { hop: 'synced', object, subject, ...sync },
    { hop: 'live', object, subject, isDone: health === 'Healthy', state: health, why: textAt(application, 'status', 'health', 'message') },
  ];
}

/** The commit that an Application was last compared with; empty before the first time. */
export function revisionOf(application: JsonObject | undefined): string {
  return textAt(application, 'status', 'sync', 'revision') ?? '';
}

/** Whether what Argo CD says of an Application is about the wanted files. */
export function isAtCommit(
  wanted: Wanted,
  expected: WantedApplication,
  application: JsonObject | undefined,
  revisions: Revisions,
): boolean {
  const revision = revisionOf(application);
  return revision === wanted.commit || (revision !== '' && readsTheSame(expected, wanted, revisions.get(revision)));
}

type State = Pick<Finding, 'isDone' | 'state' | 'why'>;

function judgeSync(wanted: Wanted, expected: WantedApplication, application: JsonObject | undefined, revisions: Revisions): State {
  const lags = (state: string, why?: string): State => ({ isDone: false, state, why });
  if (!application) return lags('missing', expected.name.endsWith('-root') ? 'pulumi up makes it' : `${wanted.environment}-root makes it`);
  if (textAt(application, 'metadata', 'deletionTimestamp')) return lags('being deleted');
  const status = textAt(application, 'status', 'sync', 'status') ?? 'not looked at';
  const error = objectsAt(application, 'status', 'conditions').find((condition) => textAt(condition, 'type')?.endsWith('Error'));
  if (!isCompared(application)) return lags('not compared yet', textAt(error, 'message'));
  if (!isAtCommit(wanted, expected, application, revisions)) {
    const revision = revisionOf(application);
    return lags(revision ? `behind, at ${revision.slice(0, 10)}` : status, textAt(error, 'message'));
  }
  if (textAt(application, 'status', 'operationState', 'phase') === 'Running') return lags('syncing', message(application));
  if (status === 'Synced') return { isDone: true, state: status };
  return lags(status, failures(application) ?? textAt(error, 'message') ?? outOfSync(application));
}

/** A spec that was changed a moment ago has the status of the one before. */
function isCompared(application: JsonObject): boolean {
  const [wanted, compared] = [at(application, 'spec', 'source'), at(application, 'status', 'sync', 'comparedTo', 'source')];
  return ['repoURL', 'path', 'targetRevision'].every((key) => textAt(wanted, key) === textAt(compared, key));
}

/** What the last operation could not apply; undefined when it was not a failure. */
function failures(application: JsonObject): string | undefined {
  const operation = at(application, 'status', 'operationState');
  if (!['Failed', 'Error'].includes(textAt(operation, 'phase') ?? '')) return undefined;
  const failed = objectsAt(operation, 'syncResult', 'resources').filter((resource) => textAt(resource, 'status') === 'SyncFailed');
  const told = failed.map((resource) => `${textAt(resource, 'kind')} ${textAt(resource, 'name')}: ${textAt(resource, 'message')}`);
  return told.length > 0 ? told.slice(0, 3).join('; ') : message(application);
}

function message(application: JsonObject): string | undefined {
  return textAt(application, 'status', 'operationState', 'message');
}

function outOfSync(application: JsonObject): string | undefined {
  const resources = objectsAt(application, 'status', 'resources').filter((resource) => textAt(resource, 'status') === 'OutOfSync');
  const names = resources.map((resource) => `${textAt(resource, 'kind')} ${textAt(resource, 'name')}`);
  return names.length > 0 ? `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' and more' : ''}` : undefined;
}
