import type { ManifestFile } from '../../charts/environment.ts';
import manifest from '../../package.json' with { type: 'json' };
import { type Place, placeOf } from './place.ts';

/** How much attention a finding needs, in SARIF's words. */
export type Level = 'error' | 'warning' | 'note';

/** Something found in a tree, before it is known on which line. */
export interface Finding {
  /** Name of the rule, the same for everything of its kind: `E_POLICY/probes`. */
  readonly rule: string;
  /** What the rule is about. */
  readonly about: string;
  readonly level: Level;
  readonly message: string;
  /** File in the tree. */
  readonly path: string;
  /** Field of the file's object: `spec.replicas`, `spec.template.spec.containers[goserver].image`. */
  readonly field?: string;
  /** Where it stands, when that is known already. */
  readonly place?: Place;
}

/** A log of SARIF 2.1.0, as far as it is written here. Source: the OASIS standard, errata 01. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: '2.1.0';
  readonly runs: readonly [SarifRun];
}

/** What one run of the program found. */
export interface SarifRun {
  readonly tool: { readonly driver: { readonly name: string; readonly version: string; readonly rules: readonly SarifRule[] } };
  readonly columnKind: 'utf16CodeUnits';
  readonly results: readonly SarifResult[];
}

/** A rule that something broke. */
export interface SarifRule {
  readonly id: string;
  readonly shortDescription: { readonly text: string };
}

/** One finding. The fingerprint tells it from others, and is the same in the next run. */
export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: Level;
  readonly message: { readonly text: string };
  readonly locations: readonly [
    {
      readonly physicalLocation: {
        readonly artifactLocation: { readonly uri: string };
        readonly region: { readonly startLine: number; readonly startColumn: number };
      };
      readonly logicalLocations?: readonly [{ readonly fullyQualifiedName: string; readonly kind: 'member' }];
    },
  ];
  readonly partialFingerprints: { readonly 'fullcycle/v1': string };
}

const schema = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json';

/** Findings as a log that code scanning reads. Pure. @param files the tree, to tell lines by; a file that isn't there has its first */
export function toSarif(findings: readonly Finding[], files: readonly Pick<ManifestFile, 'path' | 'text'>[]): SarifLog {
  const texts = new Map(files.map(({ path, text }) => [path, text]));
  const rules = new Map(findings.map(({ rule, about }) => [rule, { id: rule, shortDescription: { text: about } }]));
  const ids = [...rules.keys()];
  const results = findings.map((finding) => toResult(finding, ids.indexOf(finding.rule), texts.get(finding.path)));
  const driver = { name: 'fullcycle', version: manifest.version, rules: [...rules.values()] };
  return { $schema: schema, version: '2.1.0', runs: [{ tool: { driver }, columnKind: 'utf16CodeUnits', results }] };
}

/** {@link toSarif} as text. */
export function printSarif(findings: readonly Finding[], files: readonly Pick<ManifestFile, 'path' | 'text'>[]): string {
  return `${JSON.stringify(toSarif(findings, files), null, 2)}\n`;
}

function toResult({ rule, level, message, path, field, place }: Finding, ruleIndex: number, text: string | undefined): SarifResult {
  const { line, column } = place ?? placeOf(path, text, field);
  return {
    ruleId: rule,
    ruleIndex,
    level,
    message: { text: message },
    locations: [
      {
        physicalLocation: { artifactLocation: { uri: encodeURI(path) }, region: { startLine: line, startColumn: column } },
        ...(field && { logicalLocations: [{ fullyQualifiedName: field, kind: 'member' }] as const }),
      },
    ],
    partialFingerprints: { 'fullcycle/v1': `${rule} ${path}#${field ?? ''}` },
  };
}
