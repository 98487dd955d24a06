import { describe, expect, it } from 'vitest';
import { ApiError } from '../../../infra/kubernetes/api-error.ts';
import { immutableFields } from '../../../infra/provider/kubernetes/immutable.ts';

function invalid(...messages: [field: string, message: string][]): ApiError {
  const causes = messages.map(([field, message]) => ({ reason: 'FieldValueInvalid', field, message }));
  return new ApiError(422, { kind: 'Status', message: 'is invalid', reason: 'Invalid', details: { causes }, code: 422 });
}

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
