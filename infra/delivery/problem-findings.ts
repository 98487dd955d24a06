import type { Problem } from '../../charts/problem.ts';
import { formatProblem } from './errors.ts';
import type { Finding } from './sarif.ts';

/** What is wrong with a tree, as findings; each stops a delivery. A broken policy is a rule of its own: `E_POLICY/probes`. */
export function findingsOfProblems(problems: readonly Problem[]): Finding[] {
  return problems.map((problem) => {
    const { code, rule } = problem;
    const where = whereIs(problem);
    const policy = code === 'E_POLICY' ? /^([a-z-]+): /.exec(rule)?.[1] : undefined;
    const message = formatProblem({ ...problem, field: where.field ?? where.path }).replace(`error[${code}] `, '');
    return policy === undefined
      ? { rule: code, about: abouts[code] ?? code, level: 'error', message, ...where }
      : { rule: `${code}/${policy}`, about: `policy ${policy}`, level: 'error', message, ...where };
  });
}

const abouts: Partial<Record<Problem['code'], string>> = {
  E_SCHEMA: 'as the API of the pinned Kubernetes and Argo CD has it',
  E_YAML: 'YAML that every reader reads alike',
  E_DUPLICATE_RESOURCE: 'one file an object',
  E_REFERENCE: 'what an object names is there',
  E_SECRET_IN_RENDER: 'no secret in a rendered tree',
  E_SYMLINK: 'plain files',
};

/** A problem's field is `<path>`, `<path>#<field>` or `<path>:<line>:<column>`; a schema names the field in its rule. */
function whereIs({ field, rule }: Problem): Pick<Finding, 'path' | 'field' | 'place'> {
  const [, file, line, column] = /^(.*):(\d+):(\d+)$/.exec(field) ?? [];
  if (file !== undefined) return { path: file, place: { line: Number(line), column: Number(column) } };
  const hash = field.indexOf('#');
  if (hash >= 0) return { path: field.slice(0, hash), field: field.slice(hash + 1) };
  const pointer = /^at '\/([^']*)'/.exec(rule)?.[1];
  if (pointer === undefined) return { path: field };
  return { path: field, field: pointer.split('/').map(step).join('').replace(/^\./, '') };
}

/** A part of a JSON pointer as fields are written here. */
function step(part: string): string {
  const key = part.replaceAll('~1', '/').replaceAll('~0', '~');
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[A-Za-z_$][\w$-]*$/.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
}
