#!/usr/bin/env node
// Plain JavaScript for any Node: on a fresh clone it installs the dependencies, on an old Node it hands over to the pinned one.
import { existsSync, readFileSync, statSync } from 'node:fs';
import * as module from 'node:module';
import { fileURLToPath } from 'node:url';

const project = fileURLToPath(new URL('../../', import.meta.url));
const argv = process.argv.slice(2);

async function start() {
  if (argv.length === 0 || (argv.length === 1 && (argv[0] === '--help' || argv[0] === '-h'))) {
    // Printed from a file: loading the parser would double the time to the first line. A test keeps it equal to the parser's own help.
    process.stdout.write(readFileSync(new URL('./help.txt', import.meta.url)));
    return 0;
  }
  if (!dependenciesInstalled() && !(await install())) return 1;
  if (tooOld(process.versions.node)) return handOver(`${project}node_modules/.bin/node`);
  module.enableCompileCache();
  const { main } = await import('./cli.ts');
  return main(argv);
}

function dependenciesInstalled() {
  const installed = `${project}node_modules/.package-lock.json`;
  // npm install writes the lock file last, a moment later.
  return existsSync(installed) && statSync(installed).mtimeMs + 10_000 >= statSync(`${project}package-lock.json`).mtimeMs;
}

async function install() {
  const { spawnSync } = await import('node:child_process');
  console.error('• installing dependencies (npm ci, about 30 s)');
  const npm = spawnSync('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: project, stdio: ['ignore', 2, 2] });
  if (npm.status === 0) return true;
  console.error(
    'error[E_TOOL] dependencies: npm ci failed - npm installs what package-lock.json pins - see the lines above, then run again',
  );
  return false;
}

/** Type stripping is on by default since 22.18. */
function tooOld(version) {
  const [major, minor] = version.split('.').map(Number);
  return major < 22 || (major === 22 && minor < 18);
}

async function handOver(node) {
  const { spawn } = await import('node:child_process');
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('exit', (code, signal) => resolve(code ?? (signal === 'SIGINT' ? 130 : 143)));
  });
}

process.exitCode = await start();
