import { describe, expect, it } from 'vitest';
import { koProgress } from '../../infra/image/ko-progress.ts';

describe("ko's log as progress", () => {
  it.each([
    ['2026/11/21 16:05:03 Building example.com/hello-go for linux/amd64', 'compiling for linux/amd64'],
    ['2026/11/21 16:05:03 Writing SBOM to /scratch/hello-3aeHYM/sbom/hello.spdx.json', 'writing SBOM'],
    ['2026/11/21 16:05:03 Using base base.fullcycle.invalid/empty@sha256:410cc1 for example.com/hello-go', undefined],
    ['2026/11/21 16:05:03 current folder is not a git repository. Git info will not be available', undefined],
    ['2026/11/21 16:05:03 Saving ko://example.com/hello-go', undefined],
    ['../image@sha256:0ae518b64bbbfa1d22e788a98f56b686a0609744b6a955a46d36873a910b2dcc', undefined],
    ['', undefined],
  ])('%j is told as %j', (line, progress) => {
    expect(koProgress(line)).toBe(progress);
  });
});
