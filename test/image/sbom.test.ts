import { describe, expect, it } from 'vitest';
import { describeImage, listPackages, readNpmSbom } from '../../infra/image/sbom.ts';
import { listGoModules } from '../../infra/image/source-packages.ts';

const digest = `sha256:${'1'.repeat(64)}`;
const inputs = `sha256:${'2'.repeat(64)}`;

/** What npm prints, with the parts that differ from run to run. */
const npmSbom = (time: string, random: string) =>
  JSON.stringify({
    documentNamespace: `http://spdx.org/spdxdocs/app-1.0.0-${random}`,
    creationInfo: { created: time, creators: ['Tool: npm'] },
    documentDescribes: ['SPDXRef-Package-app-1.0.0'],
    packages: [
      { SPDXID: 'SPDXRef-Package-app-1.0.0', name: 'app' },
      { SPDXID: 'SPDXRef-Package-ms-2.1.3', name: 'ms' },
    ],
    relationships: [
      { spdxElementId: 'SPDXRef-DOCUMENT', relatedSpdxElement: 'SPDXRef-Package-app-1.0.0', relationshipType: 'DESCRIBES' },
      { spdxElementId: 'SPDXRef-Package-ms-2.1.3', relatedSpdxElement: 'SPDXRef-Package-app-1.0.0', relationshipType: 'DEPENDENCY_OF' },
    ],
  });

const node = { name: 'node', version: '24.0.0', purl: 'pkg:generic/node@24.0.0', license: 'MIT' };
const libc = { name: 'libc6', version: '2.36-9', purl: 'pkg:deb/debian/libc6@2.36-9?arch=amd64', sha256: 'ab' };

describe('the SPDX document of an image', () => {
  it('is the same bytes whenever and in whatever order its parts were found', () => {
    const first = describeImage('app', digest, inputs, [readNpmSbom(npmSbom('2026-01-01', 'a')), listPackages([node, libc])]);
    const second = describeImage('app', digest, inputs, [readNpmSbom(npmSbom('2027-01-01', 'b')), listPackages([libc, node])]);
    expect(second).toEqual(first);
    expect(first.subject).toBe(digest);
    expect(first.text).not.toMatch(/2026|2027/);
  });

  it('says what the image holds and what depends on what', () => {
    const { text } = describeImage('app', digest, inputs, [readNpmSbom(npmSbom('', '')), listPackages([node, libc])]);
    const { packages, relationships } = JSON.parse(text);
    expect(packages.map(({ name }: { name: string }) => name)).toEqual(['app', 'app', 'ms', 'libc6', 'node']);
    expect(packages.at(-2)).toMatchObject({
      versionInfo: '2.36-9',
      checksums: [{ algorithm: 'SHA256', checksumValue: 'ab' }],
      licenseDeclared: 'NOASSERTION',
    });
    expect(packages.at(-1)).toMatchObject({ licenseDeclared: 'MIT', externalRefs: [{ referenceLocator: 'pkg:generic/node@24.0.0' }] });
    expect(
      relationships.map((each: Record<string, string>) => `${each.spdxElementId} ${each.relationshipType} ${each.relatedSpdxElement}`),
    ).toEqual([
      'SPDXRef-DOCUMENT DESCRIBES SPDXRef-Image',
      'SPDXRef-Image CONTAINS SPDXRef-Package-app-1.0.0',
      'SPDXRef-Image CONTAINS SPDXRef-Package-pkg-deb-debian-libc6-2.36-9-arch-amd64',
      'SPDXRef-Image CONTAINS SPDXRef-Package-pkg-generic-node-24.0.0',
      'SPDXRef-Package-ms-2.1.3 DEPENDENCY_OF SPDXRef-Package-app-1.0.0',
    ]);
  });
});

describe('the modules of a go.mod', () => {
  const cases: readonly [string, string, readonly string[]][] = [
    ['none', 'module example.com/a\n\ngo 1.26.0\n', []],
    ['one on its line', 'module a\n\nrequire github.com/b/c v1.2.3\n', ['pkg:golang/github.com/b/c@v1.2.3']],
    [
      'a block',
      'module a\n\nrequire (\n\tb.org/c/v2 v2.0.0\n\td.org/e v0.0.0-20260101000000-0123456789ab // indirect\n)\n',
      ['pkg:golang/b.org/c/v2@v2.0.0', 'pkg:golang/d.org/e@v0.0.0-20260101000000-0123456789ab'],
    ],
    ['what is replaced or excluded is not required', 'module a\n\nreplace b.org/c v1.0.0 => ../c\n\nexclude b.org/c v1.1.0\n', []],
    ['blocks of replace and exclude', 'module a\n\nexclude (\n\tb.org/c v1.1.0\n)\n\nretract (\n\tv1.0.0\n)\n', []],
  ];
  it.each(cases)('%s', (_, text, purls) => {
    const found = listGoModules(text).packages.map((entry) => (entry.externalRefs as { referenceLocator: string }[])[0]?.referenceLocator);
    expect(found).toEqual(purls);
  });
});
