import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { type Engine, pulumiEngine } from '../../../infra/provider/engine.ts';
import { adoption } from './behaviours/adoption.ts';
import type { Behaviour } from './behaviours/behaviour.ts';
import { drift } from './behaviours/drift.ts';
import { lifecycle } from './behaviours/lifecycle.ts';
import { offline } from './behaviours/offline.ts';
import { refusals } from './behaviours/refusals.ts';
import { waiting } from './behaviours/waiting.ts';
import { type ControlPlane, startControlPlane } from './control-plane.ts';
import { Scenario } from './scenario.ts';

let plane: ControlPlane;
let engine: Engine;
let home: string;
let started = 0;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'fullcycle-home-'));
  [plane, engine] = await Promise.all([startControlPlane(), pulumiEngine({ home })]);
});
afterAll(async () => {
  await plane?.stop();
  rmSync(home, { recursive: true, force: true });
});

const topics: readonly [string, readonly Behaviour[]][] = [
  ['over an object’s life', lifecycle],
  ['where other hands change things', drift],
  ['with objects that exist already', adoption],
  ['when something takes time', waiting],
  ['when something is wrong or secret', refusals],
  ['without an API server', offline],
];

describe.each(topics)('the kubernetes provider %s', (_topic, behaviours) => {
  it.each(behaviours)('$behaviour', async ({ prove }) => {
    started += 1;
    const scenario = await Scenario.start(`conformance-${started}`, plane, engine);
    try {
      await prove(scenario);
    } finally {
      await scenario.end();
    }
  });
});
