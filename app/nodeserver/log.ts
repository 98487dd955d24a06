/** How much a line matters. */
export type Level = 'debug' | 'info' | 'warn' | 'error';

/** Writes one JSON line. Fields must never hold secrets. */
export type Log = (level: Level, message: string, fields?: Readonly<Record<string, unknown>>) => void;

const weight: Readonly<Record<Level, number>> = { debug: 0, info: 1, warn: 2, error: 3 };

/** Returns a log that passes lines of `lowest` and above to `write`, newline included. */
export function createLog(lowest: Level, write: (line: string) => void): Log {
  return (level, message, fields) => {
    if (weight[level] < weight[lowest]) return;
    const line = { time: new Date().toISOString(), level: level.toUpperCase(), msg: message, ...fields };
    write(`${JSON.stringify(line)}\n`);
  };
}
