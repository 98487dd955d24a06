import { Metadata, type ServiceError, status } from '@grpc/grpc-js';
import providerPb from '@pulumi/pulumi/proto/provider_pb.js';
import statusPb from '@pulumi/pulumi/proto/status_pb.js';
import anyPb from 'google-protobuf/google/protobuf/any_pb.js';
import { Failure, formatProblem } from '../delivery/errors.ts';
import { Unfinished } from './provider.ts';
import type { Redaction } from './redaction.ts';
import { encode } from './struct.ts';

/** An outcome that can't be known: the engine records the operation as pending and asks for a refresh. */
export class UnknownOutcome extends Failure {}

/** How an exception is told to the engine, without secrets. */
export function rpcError(error: unknown, redaction: Redaction): Partial<ServiceError> {
  if (error instanceof Unfinished) return unfinished(error, redaction);
  // The engine takes every code but UNKNOWN, INTERNAL and DATA_LOSS to mean that nothing has changed.
  if (error instanceof Failure) {
    const code = error instanceof UnknownOutcome ? status.UNKNOWN : status.FAILED_PRECONDITION;
    return { code, details: redaction.clean(error.message) };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: status.UNKNOWN, details: redaction.clean(stack) };
}

/** The engine finds the half-made resource in the details of the status: `ErrorResourceInitFailed`. */
function unfinished(error: Unfinished, redaction: Redaction): Partial<ServiceError> {
  const reasons = error.problems.map((problem) => redaction.clean(formatProblem(problem)));
  const detail = new providerPb.ErrorResourceInitFailed()
    .setId(error.resource.id)
    .setProperties(encode(error.resource.outputs))
    .setReasonsList(reasons);
  const any = new anyPb.Any();
  any.pack(detail.serializeBinary(), 'pulumirpc.ErrorResourceInitFailed');
  const details = reasons.join('\n');
  const metadata = new Metadata();
  const packed = new statusPb.Status().setCode(status.UNKNOWN).setMessage(details).setDetailsList([any]);
  metadata.add('grpc-status-details-bin', Buffer.from(packed.serializeBinary()));
  return { code: status.UNKNOWN, details, metadata };
}
