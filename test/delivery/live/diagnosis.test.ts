import { describe, expect, it } from 'vitest';
import { Failure, formatProblem } from '../../../infra/delivery/errors.ts';
import { diagnose, type Evidence } from '../../../infra/delivery/live/diagnosis.ts';
import { changes, type Finding } from '../../../infra/delivery/live/finding.ts';
import { waitSeconds } from '../../../infra/delivery/live/wait-option.ts';
import type { JsonObject } from '../../../infra/kubernetes/json.ts';

const object = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'goserver', namespace: 'dev' };
const lagging: Finding = { hop: 'live', object, subject: 'Deployment dev/goserver', isDone: false, state: '0 of 1 replicas available' };
const nothing: Evidence = { events: [], pods: [], lastLines: {} };
const look = 'look: kubectl describe deployment goserver -n dev';

function pod(name: string, reason: string | undefined, restartCount = 0, creationTimestamp = '2026-01-01T00:00:00Z'): JsonObject {
  const state = reason ? { waiting: { reason, message: `back-off of ${name}` } } : { running: {} };
  const conditions = [{ type: 'Ready', status: reason ? 'False' : 'True' }];
  const containerStatuses = [{ name: 'goserver', restartCount, state }];
  return { metadata: { name, creationTimestamp }, status: { phase: 'Running', conditions, containerStatuses } } as unknown as JsonObject;
}

function event(kind: string, name: string, type: string, reason: string, lastTimestamp: string): JsonObject {
  return { type, reason, message: `${reason} of ${name}`, lastTimestamp, involvedObject: { kind, name } };
}

describe('an object that lags', () => {
  it.each<[string, Evidence, string]>([
    ['alone is told by its state', nothing, '0 of 1 replicas available'],
    [
      'is told with its worst pod and what that logged last',
      {
        events: [],
        pods: [pod('fine', undefined), pod('bad', 'CrashLoopBackOff', 3), pod('new', 'CrashLoopBackOff', 1)],
        lastLines: { bad: '{"msg":"PORT is not a number"}', fine: 'listening' },
      },
      '0 of 1 replicas available; pod bad: goserver: CrashLoopBackOff: back-off of bad; last log line: {"msg":"PORT is not a number"}',
    ],
    [
      'is told with the newest of the pods that are alike',
      { events: [], pods: [pod('old', 'ErrImagePull'), pod('new', 'ErrImagePull', 0, '2026-01-02T00:00:00Z')], lastLines: {} },
      '0 of 1 replicas available; pod new: goserver: ErrImagePull: back-off of new',
    ],
    [
      'is told with the last warning',
      {
        events: [
          event('Deployment', 'goserver', 'Normal', 'ScalingReplicaSet', '2026-01-01T00:00:09Z'),
          event('Deployment', 'goserver', 'Warning', 'FailedCreate', '2026-01-01T00:00:01Z'),
          event('Deployment', 'goserver', 'Warning', 'Quota', '2026-01-01T00:00:02Z'),
          event('Deployment', 'nodeserver', 'Warning', 'Other', '2026-01-01T00:00:10Z'),
        ],
        pods: [],
        lastLines: {},
      },
      '0 of 1 replicas available; last event: Quota Quota of goserver',
    ],
    [
      'is told with the last event where there is no warning, its pod’s before its own',
      {
        events: [
          event('Deployment', 'goserver', 'Normal', 'ScalingReplicaSet', '2026-01-01T00:00:09Z'),
          event('Pod', 'bad', 'Normal', 'Pulling', '2026-01-01T00:00:01Z'),
        ],
        pods: [pod('bad', 'ContainerCreating')],
        lastLines: {},
      },
      '0 of 1 replicas available; pod bad; last event: Pulling Pulling of bad',
    ],
    [
      'is told on one line without escapes and without end',
      { events: [], pods: [pod('bad', undefined)], lastLines: { bad: `\u001b[31mred\u001b[0m\n${'x'.repeat(1000)}` } },
      `0 of 1 replicas available; pod bad; last log line: red ${'x'.repeat(278)}...`,
    ],
  ])('%s', (_how, evidence, rule) => {
    expect(formatProblem(diagnose('dev', lagging, evidence))).toBe(
      `error[E_NOT_READY] dev live: Deployment dev/goserver: - ${rule} - ${look}`,
    );
  });

  it('makes the command fail, and is no bad input', () => {
    expect(new Failure([diagnose('dev', lagging, nothing)]).exitCode).toBe(1);
  });
});

describe('progress', () => {
  const done: Finding = { ...lagging, isDone: true, state: 'rolled out' };
  const application: Finding = { ...lagging, hop: 'synced', subject: 'dev-goserver', state: 'OutOfSync' };

  it.each<[string, Finding[] | undefined, Finding[], string[]]>([
    ['begins with what is not done', undefined, [application, done], ['dev-goserver OutOfSync']],
    ['is silent as long as nothing changes', [application, done], [application, done], []],
    [
      'tells what became of each',
      [application, lagging],
      [{ ...application, isDone: true, state: 'Synced' }, done],
      ['dev-goserver OutOfSync → Synced', 'Deployment dev/goserver 0 of 1 replicas available → rolled out'],
    ],
    ['tells of what comes on', [application], [application, lagging], ['Deployment dev/goserver 0 of 1 replicas available']],
    [
      'is fit for a terminal',
      undefined,
      [{ ...application, state: `\u001b[31mdenied\u001b[0m\nby ${'x'.repeat(1000)}` }],
      [`dev-goserver denied by ${'x'.repeat(274)}...`],
    ],
  ])('%s', (_what, before, after, lines) => {
    expect(changes(before, after)).toEqual(lines);
  });
});

describe('how long to wait', () => {
  it.each([
    [true, undefined, 300],
    [false, undefined, 300],
    [true, '90s', 90],
    [true, '5m', 300],
  ])('--wait %s --timeout %s is %i s', (wait, timeout, seconds) => {
    expect(waitSeconds(wait, timeout)).toBe(seconds);
  });

  it.each([
    [true, 'soon', 'error[E_USAGE] --timeout: soon - a whole number of s, m, h or d, at most 6 digits - write it like 5m'],
    [true, '-1s', 'error[E_USAGE] --timeout: -1s - a whole number of s, m, h or d, at most 6 digits - write it like 5m'],
    [false, '5m', 'error[E_USAGE] --timeout: 5m - says how long --wait waits - add --wait'],
  ])('--wait %s --timeout %s is refused', (wait, timeout, message) => {
    expect(() => waitSeconds(wait, timeout)).toThrow(expect.objectContaining({ message }));
  });
});
