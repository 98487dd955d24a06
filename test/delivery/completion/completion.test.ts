import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createProgram } from '../../../infra/delivery/cli.ts';
import { bashCompletion } from '../../../infra/delivery/completion/bash.ts';
import { describeProgram } from '../../../infra/delivery/completion/command.ts';
import { fishCompletion } from '../../../infra/delivery/completion/fish.ts';
import { zshCompletion } from '../../../infra/delivery/completion/zsh.ts';

// compilers, real registries and repositories, on a machine that may be busy
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const launcher = fileURLToPath(new URL('../../../infra/delivery/fullcycle.mjs', import.meta.url));
const program = describeProgram(createProgram(new AbortController().signal, () => {}));

let folder: string;
let project: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fullcycle-completion-'));
  project = join(folder, "it's mine");
  mkdirSync(join(project, 'dist'), { recursive: true });
  mkdirSync(join(folder, 'other'));
  for (const name of ['Pulumi.yaml', 'Pulumi.dev.yaml', 'Pulumi.prod.yaml', 'Pulumi.$(touch canary).yaml'])
    writeFileSync(join(project, name), '');
  writeFileSync(join(folder, 'other/Pulumi.test.yaml'), '');
});
afterAll(() => rmSync(folder, { recursive: true }));

function said(file: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync(file, args, { cwd: project, encoding: 'utf8', input, timeout: 60_000 });
  expect({ file, status, stderr }).toEqual({ file, status: 0, stderr: '' });
  return stdout;
}

/** Each asks a real shell what it would offer at the end of a line, the last word being the one that is typed. */
const shells: Readonly<Record<string, (words: readonly string[]) => string[]>> = {
  bash: (words) => {
    const ask = `COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _fullcycle; printf '%s\\n' "\${COMPREPLY[@]}"`;
    return said('bash', ['--norc', '-c', `${bashCompletion(program, project)}\n${ask}`, '-', ...words])
      .split('\n')
      .filter(Boolean);
  },
  fish: (words) => {
    const line = words.map((word) => word.replaceAll(' ', '\\ ')).join(' ');
    return said('fish', ['--no-config', '-c', `${fishCompletion(program, project)}\ncomplete -C ${JSON.stringify(line)}`])
      .split('\n')
      .filter(Boolean)
      .map((offer) => offer.split('\t')[0] ?? '');
  },
  zsh: (words) => {
    writeFileSync(join(folder, 'completion.zsh'), zshCompletion(program, project));
    // A terminal of its own, in which every offer is written down instead of shown.
    const script = `
      zmodload zsh/zpty
      zpty -b shell zsh -f -i
      zpty -w shell $'PS1= PS2= RPS1=; unsetopt zle_bracketed_paste; autoload -Uz compinit; compinit -u -D; source ${folder}/completion.zsh'
      zpty -w shell $'compadd() { local -a all; builtin compadd -O all "$@" 2>/dev/null; print -rl -- $all >>${folder}/offers; builtin compadd "$@" }'
      zpty -w shell $'_done() { zle complete-word; print -r -- done >>${folder}/offers }; zle -N _done; bindkey "^I" _done; print ready >>${folder}/offers'
      repeat 200; do grep -q ready ${folder}/offers 2>/dev/null && break; sleep 0.05; done
      zpty -w -n shell "$1"$'\\t'
      repeat 200; do grep -q '^done$' ${folder}/offers && break; sleep 0.05; done
      zpty -d shell`;
    rmSync(join(folder, 'offers'), { force: true });
    writeFileSync(join(folder, 'ask.zsh'), script);
    const line = words.map((word) => word.replaceAll(' ', '\\ ')).join(' ');
    said('zsh', ['-f', join(folder, 'ask.zsh'), line]);
    const offers = said('cat', [join(folder, 'offers')]).split('\n');
    return [...new Set(offers.slice(offers.indexOf('ready') + 1, offers.indexOf('done')).filter(Boolean))];
  },
};

const isInstalled = (shell: string) => (process.env.PATH ?? '').split(delimiter).some((path) => existsSync(join(path, shell)));
const installed = Object.entries(shells).filter(([shell]) => isInstalled(shell));

it('bash is there to be asked', () => {
  expect(installed.map(([shell]) => shell)).toContain('bash');
});

describe.each(installed)('%s', (_shell, offers) => {
  it.each<readonly [what: string, words: readonly string[], wanted: readonly string[]]>([
    ['verbs', ['fullcycle', 'do'], ['down', 'doctor']],
    ['verbs behind options', ['fullcycle', '--quiet', 'ver'], ['verify']],
    ['options of a verb', ['fullcycle', 'deliver', '--ov'], ['--overwrite']],
    ['options of the program', ['fullcycle', 'deliver', '--ver'], ['--version', '--verbose']],
    ['choices', ['fullcycle', 'up', '--cluster', 'e'], ['embedded']],
    ['choices of an argument', ['fullcycle', 'completion', 'b'], ['bash']],
    ['environments', ['fullcycle', 'deliver', '--env', ''], ['dev', 'prod']],
    ['environments by the short option', ['fullcycle', 'diff', '-e', 'p'], ['prod']],
    ['environments of another project', ['fullcycle', '-C', '../other', 'diff', '--env', ''], ['test']],
    ['folders', ['fullcycle', 'validate', 'di'], ['dist']],
    ['nothing where only the user knows', ['fullcycle', 'new', 'service', 'x', '--port', ''], []],
  ])('offers %s', (_what, words, wanted) => {
    const bare = offers(words).map((offer) => offer.replace(/[/=]$/, ''));
    expect(bare.filter((offer) => !offer.includes('canary')).sort()).toEqual([...wanted].sort());
    expect(existsSync(join(project, 'canary'))).toBe(false);
  });

  it('offers every verb', () => {
    const offered = offers(['fullcycle', '']);
    for (const { name } of program.verbs) expect(offered).toContain(name);
  });
});

it('bash takes the three words that it makes of --env=dev', () => {
  expect(shells.bash?.(['fullcycle', 'diff', '--env', '='])).toEqual(['dev', 'prod']);
  expect(shells.bash?.(['fullcycle', 'diff', '--env', '=', 'd'])).toEqual(['dev']);
});

it.each(['bash', 'zsh', 'fish'])('the program prints the script for %s', (shell) => {
  const script = said(process.execPath, [launcher, '-C', project, 'completion', shell]);
  const make = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion }[shell];
  expect(script).toBe(make?.(program, project));
});
