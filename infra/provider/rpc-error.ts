import { status as codes, Metadata, type ServiceError } from '@grpc/grpc-js';
import { Failure, formatProblem } from '../delivery/errors.ts';
import { initFailed, status } from './protocol.ts';
import { Unfinished } from './provider.ts';
import type { Redaction } from './redaction.ts';
import { encodeMessage } from './wire.ts';

/** An outcome that can't be known: the engine records the operation as pending and asks for a refresh. */
export class UnknownOutcome extends Failure {}

/** How an exception is told to the engine, without secrets. */
export function rpcError(error: unknown, redaction: Redaction): Partial<ServiceError> {
  if (error instanceof Unfinished) return unfinished(error, redaction);
  // The engine takes every code but UNKNOWN, INTERNAL and DATA_LOSS to mean that nothing has changed.
  if (error instanceof Failure) {
    const code = error instanceof UnknownOutcome ? codes.UNKNOWN : codes.FAILED_PRECONDITION;
    return { code, details: redaction.clean(error.message) };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { code: codes.UNKNOWN, details: redaction.clean(stack) };
}

/** The engine finds the half-made resource in the details of the status. */
function unfinished({ resource, problems }: Unfinished, redaction: Redaction): Partial<ServiceError> {
  const reasons = problems.map((problem) => redaction.clean(formatProblem(problem)));
  const details = reasons.join('\n');
  const value = encodeMessage(initFailed, { id: resource.id, properties: resource.outputs, reasons });
  const any = { typeUrl: 'type.googleapis.com/pulumirpc.ErrorResourceInitFailed', value };
  const metadata = new Metadata();
  const packed = encodeMessage(status, { code: codes.UNKNOWN, message: details, details: [any] });
  metadata.add('grpc-status-details-bin', Buffer.from(packed));
  return { code: codes.UNKNOWN, details, metadata };
}
