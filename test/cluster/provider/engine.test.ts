import { readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { run } from '../../../infra/delivery/process.ts';
import { pulumiEngine } from '../../../infra/provider/engine.ts';

describe('the engine', () => {
  it('has everything beside it that it starts', async () => {
    const { pulumi } = await pulumiEngine();
    const programs = readdirSync(dirname(pulumi));
    expect(programs.sort()).toEqual(['pulumi', 'pulumi-analyzer-policy', 'pulumi-language-nodejs', 'pulumi-resource-pulumi-nodejs']);
    for (const program of programs) expect(statSync(join(dirname(pulumi), program)).mode & 0o111, program).toBe(0o111);
  });

  it('is the version that the SDK wants', async () => {
    const { pulumi, env } = await pulumiEngine();
    const { default: sdk } = await import('@pulumi/pulumi/package.json', { with: { type: 'json' } });
    expect((await run([pulumi, 'version'], { env })).stdout.trim()).toBe(sdk.version);
  });
});
