import { Client, credentials } from '@grpc/grpc-js';
import { log } from './protocol.ts';

/** Lines that the engine shows beside a resource. */
export interface EngineLog {
  /** Replaces the last one; gone when the operation ends. */
  status(urn: string, text: string): void;
  warn(urn: string, text: string): void;
  close(): void;
}

/** `pulumirpc.LogSeverity`. */
const severities = { info: 1, warning: 2 } as const;

/** Connects to the engine that started this plugin. @param address `host:port`, the plugin's argument; without it nothing is shown */
export function connectLog(address: string | undefined): EngineLog {
  if (!address) return { status() {}, warn() {}, close() {} };
  const engine = new Client(address, credentials.createInsecure());
  const send = (urn: string, text: string, severity: number, ephemeral: boolean) => {
    const line = { urn, message: text, severity, ephemeral };
    // An engine that is gone has nobody to show it to.
    engine.makeUnaryRequest(log.path, log.requestSerialize, log.responseDeserialize, line, () => {});
  };
  return {
    status: (urn, text) => send(urn, text, severities.info, true),
    warn: (urn, text) => send(urn, text, severities.warning, false),
    close: () => engine.close(),
  };
}
