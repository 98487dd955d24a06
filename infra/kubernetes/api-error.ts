import type { Problem } from '../../charts/problem.ts';
import type { JsonObject } from './json.ts';
import { countAt, describe, type ObjectReference, objectsAt, textAt } from './object.ts';

/** The API server can't be reached, or the connection broke. */
export class Unreachable extends Error {
  /** True when the request may have arrived. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean, options?: ErrorOptions) {
    super(message, options);
    this.sent = sent;
  }

  problem(server: string): Problem {
    return {
      code: 'E_REMOTE_UNREACHABLE',
      field: server,
      rule: `unreachable: ${this.message}`,
      fix: 'start the cluster, or correct kubeconfig and context',
    };
  }
}

/** The program or the file that a context logs in with gives no credentials: nothing was asked. */
export class LoginFailed extends Unreachable {
  constructor(message: string, options?: ErrorOptions) {
    super(message, false, options);
  }

  override problem(server: string): Problem {
    const rule = `the context gives no credentials: ${this.message}`;
    return { code: 'E_AUTH', field: server, rule, fix: 'log in by hand, or correct the user in the kubeconfig' };
  }
}

/** One thing that the API server finds wrong with an object. */
export interface Cause {
  /** Path in the object: `spec.replicas`. */
  readonly field: string;
  readonly message: string;
}

/** The API server refused: `metav1.Status`. */
export class ApiError extends Error {
  /** HTTP status. */
  readonly status: number;
  /** `Conflict`, `Invalid`, `NotFound`, … */
  readonly reason: string;
  readonly causes: readonly Cause[];

  constructor(status: number, body: JsonObject) {
    super(textAt(body, 'message') ?? `HTTP ${status}`);
    this.status = countAt(body, 'code') || status;
    this.reason = textAt(body, 'reason') ?? '';
    this.causes = objectsAt(body, 'details', 'causes').map((cause) => ({
      field: textAt(cause, 'field') ?? '',
      message: textAt(cause, 'message') ?? textAt(cause, 'reason') ?? '',
    }));
  }

  /** True for a server-side apply that would change fields of other managers. */
  get isFieldConflict(): boolean {
    return this.status === 409 && this.causes.length > 0;
  }

  /** What it means for the object. */
  problems(reference: ObjectReference): Problem[] {
    const field = describe(reference);
    if (this.isFieldConflict) return this.causes.map((cause) => conflict(field, cause));
    if (this.status === 401) return [refusal(field, this.message, 'renew the credentials in the kubeconfig')];
    if (this.status === 403) return [refusal(field, this.message, 'grant the right, or meet the admission rule')];
    if (this.causes.length === 0) return [refusal(field, this.message, 'correct the object')];
    return this.causes.map((cause) => refusal(cause.field ? `${field} ${cause.field}` : field, cause.message, 'correct the field'));
  }
}

function refusal(field: string, rule: string, fix: string): Problem {
  return { code: 'E_APPLY', field, rule: `the API server refuses it: ${rule}`, fix };
}

function conflict(object: string, { field, message }: Cause): Problem {
  const manager = /conflict with "([^"]*)"/.exec(message)?.[1] ?? message;
  return {
    code: 'E_FIELD_CONFLICT',
    field: `${object} ${field.replace(/^\./, '')}`,
    rule: `${manager} manages it`,
    fix: 'leave the field out, or take it over with the annotation pulumi.com/patchForce: "true"',
  };
}
