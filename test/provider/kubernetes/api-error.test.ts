import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../../infra/delivery/errors.ts';
import { ApiError } from '../../../infra/provider/kubernetes/api-error.ts';
import { immutableFields } from '../../../infra/provider/kubernetes/immutable.ts';

const web = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', namespace: 'team' };

function invalid(...messages: [field: string, message: string][]): ApiError {
  const causes = messages.map(([field, message]) => ({ reason: 'FieldValueInvalid', field, message }));
  return new ApiError(422, { kind: 'Status', message: 'is invalid', reason: 'Invalid', details: { causes }, code: 422 });
}

describe('what an API server refuses', () => {
  it('is told by field, all of it', () => {
    const error = invalid(['spec.replicas', 'Invalid value: -1: must be greater than or equal to 0'], ['', 'bad']);
    expect(error.problems(web).map(formatProblem)).toEqual([
      'error[E_APPLY] Deployment team/web spec.replicas: - the API server refuses it: Invalid value: -1: must be greater than or equal to 0 - correct the field',
      'error[E_APPLY] Deployment team/web: - the API server refuses it: bad - correct the field',
    ]);
  });

  it.each([
    [401, 'Unauthorized', 'renew the credentials in the kubeconfig'],
    [403, 'deployments.apps "web" is forbidden: exceeded quota', 'grant the right, or meet the admission rule'],
    [500, 'failed to create typed patch object: .spec.foo: field not declared in schema', 'correct the object'],
  ])('with status %i is told with what to do', (status, message, fix) => {
    const error = new ApiError(status, { kind: 'Status', message, code: status });
    expect(error.problems(web).map(formatProblem)).toEqual([
      `error[E_APPLY] Deployment team/web: - the API server refuses it: ${message} - ${fix}`,
    ]);
  });

  it('is told even when something else than an API server answers', () => {
    expect(new ApiError(502, { message: '<html>Bad Gateway</html>' }).problems(web).map(formatProblem)).toEqual([
      'error[E_APPLY] Deployment team/web: - the API server refuses it: <html>Bad Gateway</html> - correct the object',
    ]);
  });
});

describe('a field that can’t change', () => {
  it.each([
    ['Deployment', 'Invalid value: {"matchLabels":{"a":"c"}}: field is immutable'],
    [
      'StatefulSet',
      "Forbidden: updates to statefulset spec for fields other than 'replicas', 'template' and 'minReadySeconds' are forbidden",
    ],
    ['Service', 'Invalid value: ["10.0.0.1"]: may not change once set'],
    ['RoleBinding', 'Invalid value: {"name":"a"}: cannot change roleRef'],
    ['Pod', 'Forbidden: pod updates may not change fields other than `spec.containers[*].image`'],
    ['StorageClass', 'Forbidden: updates to parameters are forbidden.'],
    ['PriorityClass', 'Forbidden: may not be changed in an update.'],
  ])('of a %s is known by the server’s words: %s', (kind, message) => {
    expect(immutableFields(invalid(['spec', message]), kind)).toEqual([{ field: 'spec', message }]);
  });

  it.each([
    ['beside a field that is plainly wrong', invalid(['a', 'field is immutable'], ['b', 'must be positive']), 'Deployment'],
    ['of a definition, whose objects would all be lost', invalid(['spec.scope', 'field is immutable']), 'CustomResourceDefinition'],
    ['that a webhook speaks of', new ApiError(403, { message: 'field is immutable' }), 'Deployment'],
    ['without a cause', new ApiError(422, { message: 'field is immutable' }), 'Deployment'],
  ])('replaces nothing %s', (_name, error, kind) => {
    expect(immutableFields(error, kind)).toEqual([]);
  });
});
