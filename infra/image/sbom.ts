import { epoch } from './oci-layout.ts';

/** An SPDX 2.3 document in JSON. */
export interface Sbom {
  /** Digest of the image that it describes. */
  readonly subject: string;
  readonly text: string;
}

/** Part of an SPDX document: packages, and how they hang together. */
export interface SbomPart {
  readonly packages: readonly SpdxPackage[];
  readonly relationships: readonly Relationship[];
  /** SPDXIDs of the packages that the image holds directly. */
  readonly roots: readonly string[];
}

export interface SpdxPackage {
  readonly SPDXID: string;
  readonly name: string;
  readonly versionInfo?: string;
  readonly [field: string]: unknown;
}

export interface Relationship {
  readonly spdxElementId: string;
  readonly relationshipType: string;
  readonly relatedSpdxElement: string;
}

/** Something an image holds. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** Package URL. Source: https://github.com/package-url/purl-spec */
  readonly purl: string;
  /** SPDX expression. @default NOASSERTION */
  readonly license?: string;
  /** Hex SHA-256 of what was downloaded. */
  readonly sha256?: string;
}

/**
 * The SPDX document of an image. The same parts give the same bytes: it is dated 1970 and named after the inputs hash.
 * Source: https://spdx.github.io/spdx-spec/v2.3/
 */
export function describeImage(name: string, digest: string, inputs: string, parts: readonly SbomPart[]): Sbom {
  const image = { ...unknown, SPDXID: 'SPDXRef-Image', name, versionInfo: digest, primaryPackagePurpose: 'CONTAINER' };
  const document = {
    spdxVersion: 'SPDX-2.3',
    dataLicense: 'CC0-1.0',
    SPDXID: 'SPDXRef-DOCUMENT',
    name: `sbom-${digest}`,
    documentNamespace: `http://spdx.org/spdxdocs/fullcycle/${inputs.replace(':', '-')}`,
    creationInfo: { created: epoch, creators: ['Tool: fullcycle'] },
    documentDescribes: [image.SPDXID],
    packages: [image, ...parts.flatMap(({ packages }) => packages)],
    relationships: [
      relate('SPDXRef-DOCUMENT', 'DESCRIBES', image.SPDXID),
      ...parts.flatMap(({ roots }) => roots.map((root) => relate(image.SPDXID, 'CONTAINS', root))),
      ...parts.flatMap(({ relationships }) => relationships),
    ],
  };
  return { subject: digest, text: `${JSON.stringify(document, null, 2)}\n` };
}

/** Packages without known relations among them. */
export function listPackages(packages: readonly Package[]): SbomPart {
  const described = packages.map(describePackage).sort((a, b) => (a.SPDXID < b.SPDXID ? -1 : 1));
  return { packages: described, relationships: [], roots: described.map(({ SPDXID }) => SPDXID) };
}

/** What `npm sbom --sbom-format spdx` printed, without its time and random name. */
export function readNpmSbom(text: string): SbomPart {
  const { packages, relationships, documentDescribes } = JSON.parse(text) as NpmSbom;
  return {
    packages,
    relationships: relationships.filter(({ relationshipType }) => relationshipType !== 'DESCRIBES'),
    roots: documentDescribes,
  };
}

interface NpmSbom extends Omit<SbomPart, 'roots'> {
  readonly documentDescribes: readonly string[];
}

const unknown = {
  downloadLocation: 'NOASSERTION',
  filesAnalyzed: false,
  licenseConcluded: 'NOASSERTION',
  licenseDeclared: 'NOASSERTION',
  copyrightText: 'NOASSERTION',
};

function describePackage({ name, version, purl, license, sha256 }: Package): SpdxPackage {
  return {
    ...unknown,
    SPDXID: `SPDXRef-Package-${purl.replace(/[^A-Za-z0-9.]+/g, '-')}`,
    name,
    versionInfo: version,
    licenseDeclared: license ?? unknown.licenseDeclared,
    externalRefs: [{ referenceCategory: 'PACKAGE-MANAGER', referenceType: 'purl', referenceLocator: purl }],
    checksums: sha256 === undefined ? undefined : [{ algorithm: 'SHA256', checksumValue: sha256 }],
  };
}

function relate(spdxElementId: string, relationshipType: string, relatedSpdxElement: string): Relationship {
  return { spdxElementId, relationshipType, relatedSpdxElement };
}
