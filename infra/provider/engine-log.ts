import { credentials } from '@grpc/grpc-js';
import engineGrpc from '@pulumi/pulumi/proto/engine_grpc_pb.js';
import enginePb from '@pulumi/pulumi/proto/engine_pb.js';

/** Lines that the engine shows beside a resource. */
export interface EngineLog {
  /** Replaces the last one; gone when the operation ends. */
  status(urn: string, text: string): void;
  warn(urn: string, text: string): void;
  close(): void;
}

/** Connects to the engine that started this plugin. @param address `host:port`, the plugin's argument; without it nothing is shown */
export function connectLog(address: string | undefined): EngineLog {
  if (!address) return { status() {}, warn() {}, close() {} };
  const engine = new engineGrpc.EngineClient(address, credentials.createInsecure());
  const send = (urn: string, text: string, severity: 1 | 2, ephemeral: boolean) => {
    const request = new enginePb.LogRequest().setUrn(urn).setMessage(text).setSeverity(severity).setEphemeral(ephemeral);
    // An engine that is gone has nobody to show it to.
    engine.log(request, () => {});
  };
  return {
    status: (urn, text) => send(urn, text, enginePb.LogSeverity.INFO, true),
    warn: (urn, text) => send(urn, text, enginePb.LogSeverity.WARNING, false),
    close: () => engine.close(),
  };
}
