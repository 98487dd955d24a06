import assert from 'node:assert/strict';
import test from 'node:test';
import { ConfigError, readConfig } from './config.ts';

const defaults = { host: undefined, port: 3000, drainDelay: 5000, logLevel: 'info', commit: 'unknown', build: 'dev' };

const good: readonly [string, Record<string, string>, object][] = [
  ['nothing set', {}, defaults],
  ['empty is unset', { PORT: '', DRAIN_DELAY: '' }, defaults],
  [
    'everything set',
    { HOST: '::1', PORT: '9090', DRAIN_DELAY: '500ms', LOG_LEVEL: 'debug', APP_COMMIT: '1a2b3c4', APP_BUILD: 'sha256:0f' },
    { host: '::1', port: 9090, drainDelay: 500, logLevel: 'debug', commit: '1a2b3c4', build: 'sha256:0f' },
  ],
  ['the longest delay', { DRAIN_DELAY: '15s' }, { ...defaults, drainDelay: 15_000 }],
];

for (const [name, env, want] of good) {
  test(`a good environment: ${name}`, () => assert.deepEqual(readConfig(env), want));
}

const port = ' is not a whole number from 0 to 65535';
const delay = ' is not from 0s to 15s, written like 5s or 500ms';

const bad: readonly [string, string, string][] = [
  ['PORT', 'http', `"http"${port}`],
  ['PORT', '65536', `"65536"${port}`],
  ['PORT', '-1', `"-1"${port}`],
  ['PORT', ' 80', `" 80"${port}`],
  ['PORT', '8080\n', `"8080\\n"${port}`],
  ['HOST', 'localhost', '"localhost" is not an IP address'],
  ['DRAIN_DELAY', '5', `"5"${delay}`],
  ['DRAIN_DELAY', '16s', `"16s"${delay}`],
  ['DRAIN_DELAY', '-1s', `"-1s"${delay}`],
  ['DRAIN_DELAY', '1m', `"1m"${delay}`],
  ['DRAIN_DELAY', '99999999999999999999s', `"99999999999999999999s"${delay}`],
  ['LOG_LEVEL', 'INFO', '"INFO" is not debug, info, warn or error'],
  ['APP_COMMIT', 'a b', '"a b" is not a commit: 1 to 128 letters, digits, dots, dashes and underscores'],
  ['APP_BUILD', '<b>', '"<b>" is not a hash: 1 to 128 letters, digits, dots, dashes, underscores and colons'],
];

for (const [name, value, want] of bad) {
  test(`a bad environment: ${name}=${JSON.stringify(value)}`, () => {
    assert.throws(() => readConfig({ [name]: value }), new ConfigError(`nodeserver: ${name}: ${want}`));
  });
}
