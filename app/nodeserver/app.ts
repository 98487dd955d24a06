import express, { type ErrorRequestHandler, type Express, type RequestHandler, type Response } from 'express';
import type { Config } from './config.ts';
import type { Log } from './log.ts';

/** Whether the server wants traffic: false until it listens and again once it drains. */
export interface Readiness {
  ready: boolean;
}

/**
 * Routes requests and logs each. While not ready, `/readyz` says so and connections close after their answer, so that clients
 * come back on another pod.
 */
export function createApp(config: Pick<Config, 'commit' | 'build'>, readiness: Readiness, log: Log): Express {
  const app = express();
  app.disable('x-powered-by').disable('etag').enable('strict routing').enable('case sensitive routing');
  app.use(logged(log), (_request, response, next) => {
    if (!readiness.ready) response.set('Connection', 'close');
    next();
  });
  const answer = (path: string, handler: RequestHandler) => app.route(path).get(handler).all(methodNotAllowed);
  answer('/', (_request, response) => text(response, 200, 'Hello World'));
  answer('/healthz', (_request, response) => text(response, 200, 'ok'));
  answer('/readyz', (_request, response) => (readiness.ready ? text(response, 200, 'ready') : text(response, 503, 'not ready\n')));
  answer('/version', (_request, response) => {
    response.json({ service: 'nodeserver', commit: config.commit, build: config.build });
  });
  app.use((_request, response) => text(response, 404, '404 page not found\n'));
  app.use(failed(log));
  return app;
}

function text(response: Response, status: number, body: string): void {
  response.status(status).type('text/plain').send(body);
}

const methodNotAllowed: RequestHandler = (_request, response) => {
  response.set('Allow', 'GET, HEAD');
  text(response, 405, 'Method Not Allowed\n');
};

/** One line for each request: never the query, which may hold secrets; probes only at debug. */
function logged(log: Log): RequestHandler {
  return (request, response, next) => {
    const start = performance.now();
    const { method, path } = request;
    response.once('close', () => {
      const probe = path === '/healthz' || path === '/readyz';
      const duration = Math.round((performance.now() - start) * 1000) / 1000;
      log(probe ? 'debug' : 'info', 'request', { method, path, status: response.statusCode, duration_ms: duration });
    });
    next();
  };
}

/** Tells the log what went wrong and the client nothing. Express knows it as an error handler by its four parameters. */
function failed(log: Log): ErrorRequestHandler {
  return (error: unknown, _request, response, next) => {
    log('error', 'request failed', { error: error instanceof Error ? error.message : String(error) });
    if (response.headersSent) return next(error);
    text(response, 500, 'Internal Server Error\n');
  };
}
