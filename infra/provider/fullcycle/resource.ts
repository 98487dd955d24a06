import type { Problem } from '../../../charts/problem.ts';
import type { PropertyProblem, Provider } from '../provider.ts';

/** How one type of resource is managed. */
export type ResourceType = Pick<Provider, 'check' | 'diff' | 'create' | 'read' | 'update' | 'delete'>;

/** The project that the resources belong to. */
export interface Project {
  /** Absolute folder: where Pulumi.yaml is. Never recorded: states move between machines. */
  readonly folder: string;
  /** True when images and commits go to the local environment, whatever the stack file says. */
  readonly local: boolean;
}

/** The problem of one property. */
export function wrong(property: string, problem: Omit<Problem, 'field'>): PropertyProblem {
  return { property, problem: { field: property, ...problem } };
}
