import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../charts/environment.ts';
import { parse } from '../../charts/manifest.ts';
import { loadStack } from '../config.ts';
import { type FieldName, fieldValue, isMeant, parseField } from './bisect/field.ts';
import type { Context } from './context.ts';
import { clean, type ExitCode, exit, fail, failIfAny } from './errors.ts';
import { inBatches } from './git/batch.ts';
import type { ChangedFile, LogEntry } from './git/log.ts';
import { atTip } from './git/reach.ts';
import type { Repository } from './git/repository.ts';
import { realTiming } from './git/timing.ts';
import { belongsTo } from './plan/ledger.ts';
import { isoTime } from './promotion/verdict.ts';
import { openTarget } from './target.ts';

export interface BisectOptions {
  readonly env: string;
  readonly field: string;
  readonly all?: boolean;
}

/** A commit that changed a field. */
export interface FieldChange {
  readonly entry: LogEntry;
  /** Undefined where the field was not there. */
  readonly before: unknown;
  readonly after: unknown;
}

/** `fullcycle bisect`: the commit that made a field what it is, or took it away; with `all` every commit that changed it. */
export async function run({ env, field, all = false }: BisectOptions, context: Context): Promise<ExitCode> {
  const { output, signal } = context;
  const name = parseField(field);
  if ('code' in name) failIfAny([name]);
  const wanted = name as FieldName;
  const { repository } = await openTarget(await loadStack(context.project, env, context), context);
  const found: FieldChange[] = [];
  await atTip({ repository, timing: realTiming(signal), init: true }, async (tip) => {
    found.length = 0;
    for await (const change of tip === undefined ? [] : fieldChanges(repository, env, wanted, tip)) {
      found.push(change);
      if (!all) break;
    }
  });
  if (found.length === 0) {
    const rule = `${env} never had this field`;
    fail('E_USAGE', '--field', field, rule, `see its objects and fields: fullcycle diff --env ${env}`);
  }
  output.print(found.map(describe).join('\n'));
  output.data({ environment: env, field, changes: found.map(toData) });
  return exit.ok;
}

/**
 * Every commit that changed a field, the newest first. A walk and no binary search: a field that was changed and changed back has the
 * same value at both ends. Git names the files that each commit touched, so that only versions of the object's own file are read.
 */
export async function* fieldChanges(
  repository: Repository,
  environment: string,
  field: FieldName,
  tip: string,
): AsyncGenerator<FieldChange> {
  const isCandidate = ({ path }: ChangedFile) => belongsTo(environment, path) && couldHold(field, path);
  const paths = [`environments/${environment}`, 'argocd'];
  for await (const batch of inBatches(repository.log(tip, paths))) {
    const touched = batch.map((entry) => ({ entry, files: entry.files.filter(isCandidate) }));
    const ids = touched.flatMap(({ files }) => files.flatMap(({ before, after }) => [before, after]));
    const texts = await repository.blobs([...new Set(ids)].filter((id) => id !== undefined));
    const objects = new Map<string, KubernetesObject | undefined>();
    const meant = (path: string, id: string | undefined) => {
      if (id !== undefined && !objects.has(id)) objects.set(id, readObject(field, path, texts.get(id) ?? ''));
      return id === undefined ? [] : (objects.get(id) ?? []);
    };
    for (const { entry, files } of touched) {
      const [before, after] = (['before', 'after'] as const).map((side) =>
        fieldValue(field, files.flatMap(({ path, [side]: id }) => meant(path, id))[0]),
      );
      if (!isDeepStrictEqual(before, after)) yield { entry, before, after };
    }
  }
}

/** The name of an object is in the name of its file: `deployment-goserver.yaml`, `applications/dev-goserver.yaml`. */
function couldHold({ object }: FieldName, path: string): boolean {
  const parts = object.split('/');
  const [kind = '', name = ''] = [parts.at(parts.length === 2 ? 0 : 1), parts.at(-1)];
  const file = path.split('/').at(-1);
  return file === `${kind.toLowerCase()}-${name}.yaml` || file === `${name}.yaml` || file === 'kustomization.yaml';
}

/** The object, if it is in this file; a file that other hands broke holds none. */
function readObject(field: FieldName, path: string, text: string): KubernetesObject | undefined {
  const { file } = parse(path, text);
  return file && isMeant(field, file.object) ? file.object : undefined;
}

function describe({ entry: { commit, time, author, subject }, before, after }: FieldChange): string {
  const show = (value: unknown) => (value === undefined ? 'not there' : JSON.stringify(value));
  return `${clean(`${commit.slice(0, 10)}  ${isoTime(time)}  ${author}  ${subject}`)}\n    ${clean(`${show(before)} → ${show(after)}`)}`;
}

function toData({ entry: { commit, time, author, subject }, before, after }: FieldChange) {
  return { commit, time: isoTime(time), author, subject, before: before ?? null, after: after ?? null };
}
