import { read } from '../../../charts/policy/read.ts';
import { violation } from '../../../charts/policy/rule.ts';
import { unknown } from '../../provider/value.ts';
import type { BootstrapRule } from '../declared.ts';

const projects: Readonly<Record<string, string>> = { Application: 'spec.project', ApplicationSet: 'spec.template.spec.project' };

/** The root Application is bound by a project of its own: `default` allows everything, unless somebody has emptied it. */
export const rootProject: BootstrapRule = (declared) => {
  const { object, type } = declared;
  const field = type.startsWith('kubernetes:argoproj.io/') ? projects[object.kind] : undefined;
  const project = field && read(object, field);
  if (!field || project === unknown || (project !== undefined && project !== '' && project !== 'default')) return [];
  return [violation('root-project', declared, field, project, 'names a project that is not default', 'name <env>-root')];
};
