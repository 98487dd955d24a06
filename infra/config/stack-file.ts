import type { Problem } from '../../charts/problem.ts';
import { readYaml, type YamlResult } from '../../charts/yaml-reader.ts';
import type { ValuePath } from '../../charts/yaml-values.ts';
import { type Finding, missing, unknownKey } from './issue.ts';
import { checkPlain, checkSecret, secretKeys } from './secret.ts';

/** Values of one environment as the files state them, before anything is known about their meaning. */
export interface RawValues {
  /** By key without `fullcycle:`; secrets are left out, only Pulumi can decrypt them. */
  readonly values: Readonly<Record<string, unknown>>;
  /** False when a file is no YAML that could be judged. */
  readonly isRead: boolean;
  /** Keys whose value is told in `problems` already. */
  readonly broken: ReadonlySet<string>;
  readonly problems: readonly Problem[];
  /** `file:line:column` of a value, or of what is nearest to it. */
  at(path: ValuePath): string;
}

/** A key as Pulumi.yaml declares it. */
interface Declaration {
  readonly isSecret: boolean;
  /** Value where the stack file states none. */
  readonly fallback: unknown;
}

type Mapping = Readonly<Record<string, unknown>>;

/** Name of the project, and prefix of its keys. */
const project = 'fullcycle';
/** What Pulumi itself writes beside `config`. */
const pulumiKeys = ['encryptionsalt', 'encryptedkey', 'secretsprovider'];

/** Reads both files of an environment. A value of the stack file replaces the project's default as a whole, as it does for Pulumi. */
export function readStackFiles(environment: string, projectText: string | Uint8Array, stackText: string | Uint8Array): RawValues {
  const projectYaml = readYaml('Pulumi.yaml', projectText);
  const stackYaml = readYaml(`Pulumi.${environment}.yaml`, stackText);
  const unread = [...(projectYaml.problems ?? []), ...(stackYaml.problems ?? [])];
  if (unread.length > 0) return { isRead: false, values: {}, broken: new Set(), problems: unread, at: () => stackYaml.at([]) };

  const { declarations, findings } = readProject(projectYaml.value);
  const stack = readStack(stackYaml.value, declarations);
  const problems = [...located(findings, projectYaml), ...located(stack.findings, stackYaml)];
  if (!stack.values) return { isRead: false, values: {}, broken: new Set(), problems, at: () => stackYaml.at([]) };
  const { values, broken } = stack;
  const defaults = [...declarations].filter(([, { isSecret, fallback }]) => !isSecret && fallback !== undefined);
  return {
    isRead: true,
    values: { ...Object.fromEntries(defaults.map(([key, { fallback }]) => [key, fallback])), ...values },
    broken,
    problems,
    at: ([key, ...rest]) => {
      const name = String(key);
      const isDefault = !Object.hasOwn(values, name) && declarations.get(name)?.fallback !== undefined;
      return isDefault ? projectYaml.at(['config', name, 'default', ...rest]) : stackYaml.at(['config', `${project}:${name}`, ...rest]);
    },
  };
}

function located(findings: readonly Finding[], file: YamlResult): Problem[] {
  return findings.map(({ path, problem }) => ({ ...problem, at: file.at(path) }));
}

function readProject(value: unknown): { declarations: ReadonlyMap<string, Declaration>; findings: Finding[] } {
  if (!isMapping(value)) return { declarations: new Map(), findings: [notMapping([])] };
  const findings: Finding[] = [];
  if (value.name !== project) {
    findings.push(foreign(['name'], 'name', `the project is called ${project}: its keys begin with this name`, 'restore it', value.name));
  }
  const config = value.config ?? {};
  if (!isMapping(config)) return { declarations: new Map(), findings: [...findings, notMapping(['config'])] };
  const declarations = Object.entries(config).map(([key, declared]): [string, Declaration] => {
    if (!isMapping(declared)) findings.push(notMapping(['config', key]));
    const fields = isMapping(declared) ? declared : {};
    return [key, { isSecret: fields.secret === true, fallback: fields.default ?? undefined }];
  });
  return { declarations: new Map(declarations), findings };
}

/** What the stack file itself states: no values when it is shaped wrongly. */
interface Stack {
  readonly values?: Mapping;
  readonly broken: ReadonlySet<string>;
  readonly findings: readonly Finding[];
}

function readStack(value: unknown, declarations: ReadonlyMap<string, Declaration>): Stack {
  const broken = new Set<string>();
  if (!isMapping(value)) return { broken, findings: [notMapping([])] };
  const others = Object.keys(value).filter((key) => key !== 'config' && !pulumiKeys.includes(key));
  const findings = others.map((key) => unknownKey([key], ['config']));
  if (value.config === undefined) return { broken, findings: [...findings, { path: [], problem: { ...missing, field: 'config' } }] };
  if (!isMapping(value.config)) return { broken, findings: [...findings, notMapping(['config'])] };
  const values: Record<string, unknown> = {};
  for (const [key, given] of Object.entries(value.config)) {
    if (!key.startsWith(`${project}:`)) {
      findings.push(foreign(['config', key], key, `keys begin with ${project}:`, 'remove it, or is this the file of another project?'));
      continue;
    }
    const name = key.slice(project.length + 1);
    const isSecret = Object.hasOwn(secretKeys, name) || (declarations.get(name)?.isSecret ?? false);
    const found = isSecret ? checkSecret(['config', key], name, given) : checkPlain(['config', key], name, given);
    findings.push(...found);
    if (found.length > 0) broken.add(name);
    else if (!isSecret) values[name] = given;
  }
  return { values, broken, findings };
}

/** `E_STACK_CONFIG`: something belongs to another project. */
function foreign(path: ValuePath, field: string, rule: string, fix: string, value?: unknown): Finding {
  return { path, problem: { code: 'E_STACK_CONFIG', field, value, rule, fix } };
}

function notMapping(path: ValuePath): Finding {
  return { path, problem: { code: 'E_TYPE', field: path.join('.') || 'the file', rule: 'a mapping', fix: 'write it as key: value lines' } };
}

function isMapping(value: unknown): value is Mapping {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
