import { describe, expect, it } from 'vitest';
import { formatProblem } from '../../infra/delivery/errors.ts';
import { ApiError } from '../../infra/kubernetes/api-error.ts';

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
