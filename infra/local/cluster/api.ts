import { readFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';

/** How to ask an API server: its address, and a folder with `ca.crt`, `admin.crt` and `admin.key`. */
export interface Api {
  readonly host: string;
  readonly port: number;
  readonly keys: string;
}

const timeoutMilliseconds = 2_000;

/** GETs a path as the administrator. @returns the body of a 200; undefined for anything else, an unreachable server included */
export function ask({ host, port, keys }: Api, path: string): Promise<string | undefined> {
  const pem = (name: string) => readFileSync(join(keys, name));
  const options = {
    host,
    port,
    path,
    ca: pem('ca.crt'),
    cert: pem('admin.crt'),
    key: pem('admin.key'),
    agent: false,
    timeout: timeoutMilliseconds,
  };
  return new Promise((resolve) => {
    const asking = request(options, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (body += part));
      response.on('end', () => resolve(response.statusCode === 200 ? body : undefined));
      response.on('error', () => resolve(undefined));
    });
    asking.on('timeout', () => asking.destroy());
    asking.on('error', () => resolve(undefined));
    asking.end();
  });
}

/** True when the node has reported, since that time, that it can run pods. An older report may be of an earlier run. @param since milliseconds since 1970 */
export async function isNodeReady(api: Api, node: string, since: number): Promise<boolean> {
  const body = await ask(api, `/api/v1/nodes/${node}`);
  if (body === undefined) return false;
  const { conditions = [] } = (JSON.parse(body) as { status: { conditions?: NodeCondition[] } }).status;
  return conditions.some(
    (condition) =>
      condition.type === 'Ready' &&
      condition.status === 'True' &&
      Date.parse(condition.lastHeartbeatTime) >= Math.floor(since / 1000) * 1000,
  );
}

interface NodeCondition {
  readonly type: string;
  readonly status: string;
  /** Whole seconds. */
  readonly lastHeartbeatTime: string;
}
