import { Agent, type OutgoingHttpHeaders, request } from 'node:http';
import { connect, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';

/** What a server said, complete. */
export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** How to ask. */
export interface AskOptions {
  /** @default GET */
  readonly method?: string;
  readonly headers?: OutgoingHttpHeaders;
  /** Whose connections to use. @default a connection of its own, closed after the answer */
  readonly agent?: Agent;
}

/** Asks over HTTP/1.1 keep-alive. Rejects when the connection breaks before the whole answer. */
export async function ask(url: string, { agent, ...options }: AskOptions = {}): Promise<Answer> {
  const own = new Agent({ keepAlive: true });
  try {
    return await new Promise<Answer>((resolve, reject) => {
      const asked = request(url, { ...options, agent: agent ?? own }, (response) => {
        const { statusCode: status = 0, headers } = response;
        text(response).then((body) => resolve({ status, headers, body }), reject);
      });
      asked.on('error', reject).end();
    });
  } finally {
    own.destroy();
  }
}

/** One client that asks again and again, over a connection that it keeps; each answer as `status body`, or the error. */
export async function askWhile(url: string, more: () => boolean): Promise<string[]> {
  const agent = new Agent({ keepAlive: true });
  const answers: string[] = [];
  while (more()) {
    const answer = ask(url, { agent });
    answers.push(await answer.then(({ status, body }) => `${status} ${body}`, String));
    await setTimeout(2);
  }
  agent.destroy();
  return answers;
}

/** Sends raw bytes; `closed` resolves with all that came back once the other side hangs up. */
export function connectAndSend(url: string, bytes: string): { readonly socket: Socket; readonly closed: Promise<string> } {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.write(bytes);
  return { socket, closed: text(socket) };
}
