import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { run } from '../../infra/delivery/process.ts';
import { build, type Workshop } from '../../infra/local/tool-build.ts';
import { type Tool, type ToolName, toolGroups, toolTable } from '../../infra/local/tool-table.ts';
import { ensureTools, moduleDirectory, tool, toolStatus } from '../../infra/local/tools.ts';

const minutes = 60_000;
const table = Object.entries(toolTable) as [ToolName, Tool][];
const own = ['ko', 'crane', 'registry', 'kubeconform', 'kustomize'] as const;
const modules = new URL('../../infra/local/tools/', import.meta.url).pathname;
let scratch: string;

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'tools-'));
});
afterAll(() => rmSync(scratch, { recursive: true, force: true }));

/** A module of its own with one program, that says `hello <greeting>` and, with the tag `loud`, shouts. */
function workshop(
  name: string,
  change: Partial<{ goMod: string; main: string; tool: Partial<Tool>; env: NodeJS.ProcessEnv }> = {},
): Workshop {
  const module = join(scratch, name, 'greetings');
  mkdirSync(join(module, 'hello'), { recursive: true });
  const files = {
    'go.mod': change.goMod ?? 'module greetings\n\ngo 1.26\n',
    'hello/main.go': change.main ?? 'package main\n\nvar greeting = "nobody"\n\nfunc main() { println("hello " + greeting + end) }\n',
    'hello/quiet.go': '//go:build !loud\n\npackage main\n\nconst end = "."\n',
    'hello/loud.go': '//go:build loud\n\npackage main\n\nconst end = "!"\n',
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(module, path), text);
  const hello: Tool = { group: 'greetings', package: './hello', version: 'v1.0.0', ...change.tool };
  return { module, tools: { hello }, seconds: 7, cache: join(scratch, name, 'cache'), env: { ...process.env, ...change.env } };
}

async function say(path: string): Promise<string> {
  return (await run([path])).stderr;
}

describe('the table', () => {
  it.each(table)('%s has the version that its go.mod pins', (_name, { group, package: path, version }) => {
    const pinned = [
      ...readFileSync(join(modules, group, 'go.mod'), 'utf8').matchAll(/^(?:require )?\s*(\S+) (v\S+)(?: \/\/ indirect)?$/gm),
    ];
    const versions = pinned.flatMap(([, module = '', at]) => (path.startsWith('./') || `${path}/`.startsWith(`${module}/`) ? [at] : []));
    expect(versions).toContain(version);
  });

  it('names no two programs of a group alike, so that one build can make them all', () => {
    const programs = table.map(([, { group, package: path }]) => `${group} ${basename(path.replace(/\/v\d+$/, ''))}`);
    expect(new Set(programs).size).toBe(programs.length);
  });

  it.each(Object.keys(toolGroups))('%s is a module with go.sum', (group) => {
    expect(readdirSync(join(modules, group))).toEqual(expect.arrayContaining(['go.mod', 'go.sum']));
  });
});

describe('a build', () => {
  it('makes the program with its linker flags, under its name, and leaves nothing else', async () => {
    const lines: string[] = [];
    const folder = await build(workshop('plain', { tool: { ldflags: ['-X', 'main.greeting=world'] } }), ['hello'], (line) =>
      lines.push(line),
    );
    expect(await say(join(folder, 'hello'))).toBe('hello world.\n');
    expect(readdirSync(folder).filter((name) => !name.startsWith('.lock'))).toEqual(['hello']);
    expect(basename(folder)).toMatch(/^greetings-[0-9a-f]{16}$/);
    expect(lines[0]).toBe('greetings: building hello; up to 7 s on 2 cores');
  });

  it('obeys build tags', async () => {
    const folder = await build(workshop('tags', { tool: { tags: ['loud'] } }), ['hello'], () => {});
    expect(await say(join(folder, 'hello'))).toBe('hello nobody!\n');
  });

  it("does not obey the user's Go settings", async () => {
    const env = { GOFLAGS: '-tags=loud', GOOS: 'windows', GOARCH: 'arm64', GOWORK: '/nowhere/go.work' };
    const folder = await build(workshop('settings', { env }), ['hello'], () => {});
    expect(await say(join(folder, 'hello'))).toBe('hello nobody.\n');
  });

  it('builds nothing twice, and anew when the source, the table or the module changes', async () => {
    const before = workshop('again');
    const lines: string[] = [];
    const folder = await build(before, ['hello'], () => {});
    expect(await build(before, ['hello'], (line) => lines.push(line))).toBe(folder);
    expect(lines).toEqual([]);
    const changes = [
      { tool: { ldflags: ['-X', 'main.greeting=you'] } },
      { goMod: 'module greetings\n\ngo 1.26.1\n' },
      { main: 'package main\n\nfunc main() { println("bye" + end) }\n' },
    ];
    const folders = [folder];
    for (const change of changes) folders.push(await build(workshop('again', change), ['hello'], () => {}));
    expect(new Set(folders).size).toBe(4);
    expect(await Promise.all(folders.map((each) => say(join(each, 'hello'))))).toEqual([
      'hello nobody.\n',
      'hello you.\n',
      'hello nobody.\n',
      'bye.\n',
    ]);
  });

  it('is made once when eight ask for it at the same time', async () => {
    const asked = workshop('together');
    const lines: string[] = [];
    const folders = await Promise.all(Array.from({ length: 8 }, () => build(asked, ['hello'], (line) => lines.push(line))));
    expect(new Set(folders).size).toBe(1);
    expect(lines.filter((line) => line.startsWith('greetings: building'))).toHaveLength(1);
  });

  it(
    'is waited for by another process, and done by it when the builder is killed',
    async () => {
      const slow = workshop('killed', { main: 'package main\n\nimport _ "net/http"\n\nfunc main() { println("hello" + end) }\n' });
      const cold = { ...slow, env: { ...slow.env, GOCACHE: join(scratch, 'killed', 'go') } };
      const builder = startBuilder(cold);
      const lines: string[] = [];
      await until(() => builder.said().includes('compiled'));
      const folder = build(cold, ['hello'], (line) => lines.push(line));
      await until(() => lines.some((line) => line.startsWith(`greetings: being built by pid ${builder.process.pid} since `)));
      const own = join(cold.cache, readdirSync(cold.cache)[0] ?? '');
      expect(existsSync(join(own, 'hello'))).toBe(false);
      process.kill(builder.process.pid as number, 'SIGKILL');
      expect(await folder).toBe(own);
      expect(await say(join(own, 'hello'))).toBe('hello.\n');
      expect(readdirSync(own).filter((name) => name.startsWith('.building-'))).toEqual([]);
    },
    5 * minutes,
  );

  it.each<[what: string, change: Parameters<typeof workshop>[1], message: RegExp]>([
    [
      'Go is missing',
      { env: { PATH: '/nowhere' } },
      /^error\[E_TOOL\] go: - Go builds the tools - install it from go\.dev\/dl and put it on PATH$/,
    ],
    [
      'Go is too old',
      { goMod: 'module greetings\n\ngo 9.9\n' },
      /^error\[E_TOOL\] go: go1\.\S+ - greetings needs Go 9\.9 or newer - install it from go\.dev\/dl and put it on PATH$/,
    ],
    [
      'the source does not compile',
      { main: 'package main\n\nfunc main() { shout() }\n' },
      /^error\[E_TOOL\] greetings: hello\/main\.go:3:15: undefined: shout - go build must succeed - check the network, then see more in \S+\/greetings$/,
    ],
    [
      'a module cannot be downloaded',
      {
        goMod: 'module greetings\n\ngo 1.26\n\nrequire example.invalid/nothing v1.0.0\n',
        main: 'package main\n\nimport _ "example.invalid/nothing"\n\nfunc main() {}\n',
        env: { GOPROXY: 'off' },
      },
      /^error\[E_TOOL\] greetings: .*example\.invalid.* - go list must succeed - check the network, then see more in \S+\/greetings$/,
    ],
  ])('says what to do when %s', async (what, change, message) => {
    const failing = workshop(what.replaceAll(' ', '-'), change);
    await expect(build(failing, ['hello'], () => {})).rejects.toThrow(message);
    const left = existsSync(failing.cache) ? readdirSync(failing.cache, { recursive: true }) : [];
    expect(left.filter((name) => String(name).includes('hello') || String(name).includes('.building'))).toEqual([]);
  });
});

describe('a tool', () => {
  const paths: Partial<Record<ToolName, string>> = {};
  beforeAll(async () => {
    Object.assign(paths, await ensureTools(own));
  }, 20 * minutes);

  it.each([
    ['ko', ['version'], 'v0.19.1\n'],
    ['crane', ['version'], 'v0.22.1\n'],
    ['kubeconform', ['-v'], 'v0.8.0\n'],
    ['kustomize', ['version'], 'v5.8.2\n'],
  ] as const)('%s says its pinned version', async (name, args, version) => {
    expect((await run([paths[name] as string, ...args])).stdout).toBe(version);
  });

  it('is found where it was built, without building', async () => {
    expect(await toolStatus('crane')).toEqual({
      name: 'crane',
      version: 'v0.22.1',
      source: 'cache',
      path: paths.crane,
      seconds: toolGroups.images.seconds,
    });
    const lines: string[] = [];
    expect(await tool('crane', { onProgress: (line) => lines.push(line) })).toBe(paths.crane);
    expect(lines).toEqual([]);
  });

  it.each([
    ['v0.22.1', 'path'],
    ['0.22.1', 'path'],
    ['v0.22.10', 'unbuilt'],
    ['v0.22.0', 'unbuilt'],
    ['', 'unbuilt'],
  ])('on PATH that says version %j counts as %s', async (version, source) => {
    const folder = mkdtempSync(join(scratch, 'path-'));
    const fake = join(folder, 'crane');
    writeFileSync(fake, `#!/bin/sh\necho "crane ${version}"\n`);
    chmodSync(fake, 0o755);
    const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), PATH: `${folder}:${process.env.PATH}` };
    const path = source === 'path' ? fake : undefined;
    expect(await toolStatus('crane', { env })).toEqual({
      name: 'crane',
      version: 'v0.22.1',
      source,
      path,
      seconds: toolGroups.images.seconds,
    });
    const withoutGo = { ...env, PATH: folder };
    expect((await toolStatus('crane', { env: withoutGo })).source).toBe(source);
  });

  it('of ours is never taken from PATH: another program may have its name', async () => {
    const folder = mkdtempSync(join(scratch, 'path-'));
    writeFileSync(join(folder, 'registry'), '#!/bin/sh\necho v3.1.2\n');
    chmodSync(join(folder, 'registry'), 0o755);
    const env = { ...process.env, XDG_CACHE_HOME: join(folder, 'cache'), PATH: `${folder}:${process.env.PATH}` };
    expect((await toolStatus('registry', { env })).source).toBe('unbuilt');
  });

  it('module gives its data files at the pinned version', async () => {
    const folder = await moduleDirectory('images', 'github.com/google/go-containerregistry');
    expect(readFileSync(join(folder, 'go.mod'), 'utf8')).toMatch(/^module github\.com\/google\/go-containerregistry$/m);
    expect(basename(folder)).toBe('go-containerregistry@v0.22.1');
  });

  it('module that the group does not have is an error', async () => {
    await expect(moduleDirectory('kubeconform', 'example.com/nothing')).rejects.toThrow(
      /^error\[E_TOOL\] kubeconform: .*example\.com\/nothing.* - go list must succeed - /,
    );
  });
});

/** A process of its own that builds the workshop's tool. */
function startBuilder(shop: Workshop): { process: ChildProcess; said: () => string } {
  const build = new URL('../../infra/local/tool-build.ts', import.meta.url).href;
  const script = `import { build } from '${build}'; await build(${JSON.stringify(shop)}, ['hello'], (line) => console.log(line));`;
  const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', script], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return { process: child, said: () => output };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}
