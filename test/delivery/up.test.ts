import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BuiltImage } from '../../infra/image/image.ts';
import { hasWebhook, writeWebhook } from '../../infra/local/webhook.ts';
import { copyProject, type Project } from '../project.ts';

interface Delivered {
  readonly environment: string;
  readonly commit: string | null;
  readonly added: readonly string[];
  readonly changed: readonly string[];
  readonly removed: readonly string[];
}

interface Up {
  readonly registry: string;
  readonly gitops: string;
  readonly images: readonly BuiltImage[];
  readonly environments: readonly Delivered[];
}

let project: Project;
let first: Up;

beforeAll(() => {
  project = copyProject();
  first = project.json<Up>('up', '--cluster', 'none');
}, 900_000);
afterAll(() => project.remove());

const up = () => project.json<Up>('up', '--cluster', 'none');
const head = () => project.git('rev-parse', 'HEAD').trim();
const tip = () => project.git('ls-remote', first.gitops, 'refs/heads/main').split('\t')[0];

/** Changes the GitOps repo by hand. */
function editByHand(edit: (clone: string) => void, message: string): void {
  const clone = join(project.folder, '.fullcycle', 'by-hand');
  project.git('clone', '--quiet', first.gitops, clone);
  edit(clone);
  project.git('-C', clone, 'add', '--all');
  project.git('-C', clone, 'commit', '--quiet', '--message', message);
  project.git('-C', clone, 'push', '--quiet');
  spawnSync('rm', ['-r', clone]);
}

describe('up', () => {
  it('builds both images, by digest, tagged with the source commit', () => {
    expect(first.images.map(({ name, tag, built }) => ({ name, tag, built }))).toEqual([
      { name: 'registry.fullcycle.internal/goserver', tag: head(), built: true },
      { name: 'registry.fullcycle.internal/nodeserver', tag: head(), built: true },
    ]);
    for (const { digest } of first.images) expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
  });

  it('commits every environment, in the order of promotion', () => {
    expect(first.environments.map(({ environment }) => environment)).toEqual(['dev', 'staging', 'prod']);
    for (const { commit, added } of first.environments) {
      expect(commit).toMatch(/^[0-9a-f]{40}$/);
      expect(added.length).toBeGreaterThan(15);
    }
    expect(tip()).toBe(first.environments[2]?.commit);
  });

  it('pushed the tags latest and the full commit, and an SBOM beside each image', async () => {
    for (const { name, digest, sbom } of first.images) {
      const repository = `http://${first.registry}/v2/${name.split('/').at(-1)}`;
      const { tags } = (await (await fetch(`${repository}/tags/list`)).json()) as { tags: string[] };
      expect(tags).toEqual(expect.arrayContaining(['latest', head(), `${digest.replace(':', '-')}.sbom`]));
      expect((await fetch(`${repository}/blobs/${sbom}`)).status).toBe(200);
    }
  });

  it('deploys digests that the registry holds', () => {
    const { stdout } = spawnSync(
      'git',
      [
        'archive',
        `--remote=${join(project.folder, '.fullcycle/gitops.git')}`,
        'main',
        'environments/prod/goserver/deployment-goserver.yaml',
      ],
      { encoding: 'utf8' },
    );
    expect(stdout).toContain(`image: registry.fullcycle.internal/goserver:${head()}@${first.images[0]?.digest}`);
  });

  it('does nothing the second time', () => {
    const before = tip();
    const second = up();
    expect(second.images.map(({ built }) => built)).toEqual([false, false]);
    expect(second.environments.map(({ commit }) => commit)).toEqual([null, null, null]);
    expect(tip()).toBe(before);
    expect(project.fullcycle('up', '--cluster', 'none').stdout).toContain('Already up to date.');
  });

  it('writes nothing for a source commit that changes no manifest and no image', () => {
    writeFileSync(join(project.folder, 'notes.txt'), 'nothing that is rendered');
    project.git('add', '--all');
    project.git('commit', '--quiet', '--message', 'Take notes');
    expect(up().environments.map(({ commit }) => commit)).toEqual([null, null, null]);
  });

  it('verifies every environment from its recorded source', () => {
    expect(project.fullcycle('verify')).toMatchObject({ status: 0 });
  });
});

describe('a change of one service', () => {
  const source = () => join(project.folder, 'app/goserver/handler.go');

  it('shows in status, builds that service only, and says that the tree is dirty', () => {
    const [goserver, nodeserver] = first.images;
    writeFileSync(source(), readFileSync(source(), 'utf8').replace('Hello Full Cycle', 'Hello Fuller Cycle'));
    expect(project.fullcycle('status', '--env', 'dev').stdout).toContain('goserver: the source has changed since the last delivery');
    const { images, commit, changed } = project.json<Delivered & { images: BuiltImage[] }>('deliver', '--env', 'dev');
    expect(images.map(({ built }) => built)).toEqual([true, false]);
    expect(images[0]?.digest).not.toBe(goserver?.digest);
    expect(images[1]?.digest).toBe(nodeserver?.digest);
    expect(images[0]?.tag).toMatch(new RegExp(`^${head()}-dirty-[0-9a-f]{12}$`));
    expect(changed).toEqual(['environments/dev/goserver/deployment-goserver.yaml']);
    expect(commit).toBe(tip());
  });

  it('can’t be verified while it is not committed', () => {
    const said = project.fullcycle('verify', '--env', 'dev');
    expect(said.status).toBe(6);
    expect(said.stdout).toContain('delivered from a work tree with uncommitted changes');
  });

  it('gets its clean tag once it is committed, without another build', () => {
    const dirty = project.json<Delivered & { images: BuiltImage[] }>('deliver', '--env', 'dev').images[0];
    project.git('commit', '--quiet', '--all', '--message', 'Greet more fully');
    const { images, commit } = project.json<Delivered & { images: BuiltImage[] }>('deliver', '--env', 'dev');
    expect(images[0]).toMatchObject({ digest: dirty?.digest, tag: head(), built: false });
    expect(commit).toBe(tip());
    expect(project.fullcycle('verify', '--env', 'dev')).toMatchObject({ status: 0 });
  });
});

describe('what other hands do to the GitOps repo', () => {
  const file = 'environments/staging/goserver/service-goserver.yaml';

  it('is found by verify, blocks a delivery that names who did it, and is overwritten on demand only', () => {
    editByHand((clone) => writeFileSync(join(clone, file), `${readFileSync(join(clone, file), 'utf8')}# edited\n`), 'Tune by hand');
    const verified = project.fullcycle('verify', '--env', 'staging');
    expect(verified).toMatchObject({ status: 6 });
    expect(verified.stdout).toContain(`hand-edited  ${file}`);

    const before = tip();
    const refused = project.fullcycle('--quiet', 'deliver', '--env', 'staging');
    expect(refused.status).toBe(6);
    expect(refused.stderr).toMatch(new RegExp(`^error\\[E_DRIFT\\] ${file}: edited in ${before?.slice(0, 10)} by Ada on `));
    expect(tip()).toBe(before);

    expect(project.fullcycle('deliver', '--env', 'staging', '--overwrite')).toMatchObject({ status: 0 });
    expect(project.fullcycle('verify', '--env', 'staging')).toMatchObject({ status: 0 });
  });

  it('blocks a delivery when a file was added that Argo CD would apply', () => {
    const extra = 'environments/staging/goserver/extra.yaml';
    editByHand((clone) => writeFileSync(join(clone, extra), 'kind: ConfigMap\n'), 'Add by hand');
    const refused = project.fullcycle('--quiet', 'deliver', '--env', 'staging');
    expect(refused).toMatchObject({ status: 6 });
    expect(refused.stderr).toContain(`error[E_UNOWNED] ${extra}: not written by fullcycle`);
    editByHand((clone) => spawnSync('rm', [join(clone, extra)]), 'Remove by hand');
    expect(project.fullcycle('deliver', '--env', 'staging')).toMatchObject({ status: 0 });
  });
});

describe('deletions', () => {
  it('are refused until they are named', () => {
    const stack = join(project.folder, 'Pulumi.prod.yaml');
    const text = readFileSync(stack, 'utf8');
    writeFileSync(stack, text.replace(/\n {4}nodeserver:[\s\S]*?(?=\n {2}\S)/, ''));
    const before = tip();
    const refused = project.fullcycle('--quiet', 'deliver', '--env', 'prod');
    expect(refused).toMatchObject({ status: 5 });
    expect(refused.stderr).toContain('error[E_PRUNE_GUARD] prod: would delete ');
    expect(tip()).toBe(before);
    const named = /--allow-delete (.*)$/m.exec(refused.stderr)?.[1]?.trim().split(' ') ?? [];
    expect(named).toContain('Deployment/nodeserver');
    expect(project.fullcycle('deliver', '--env', 'prod', '--allow-delete', ...named)).toMatchObject({ status: 0 });
    writeFileSync(stack, text);
    expect(project.fullcycle('deliver', '--env', 'prod')).toMatchObject({ status: 0 });
  });
});

describe('a dry run', () => {
  it('says what would change, and changes nothing', () => {
    const stack = join(project.folder, 'Pulumi.dev.yaml');
    const text = readFileSync(stack, 'utf8');
    writeFileSync(stack, text.replace('replicas: 1', 'replicas: 2'));
    const before = tip();
    const said = project.fullcycle('deliver', '--env', 'dev', '--dry-run');
    writeFileSync(stack, text);
    expect(said).toMatchObject({ status: 0 });
    expect(said.stdout).toContain('~ environments/dev/goserver/deployment-goserver.yaml');
    expect(tip()).toBe(before);
  });
});

describe('source that does not type-check', () => {
  it('is not delivered', () => {
    const probe = join(project.folder, 'charts/probe.ts');
    mkdirSync(join(project.folder, 'charts'), { recursive: true });
    writeFileSync(probe, `export const wrong: number = 'text';\n`);
    const refused = project.fullcycle('--quiet', 'deliver', '--env', 'dev');
    spawnSync('rm', [probe]);
    expect(refused).toMatchObject({ status: 5 });
    expect(refused.stderr).toContain('error[E_UNCHECKED] source: charts/probe.ts(1,14): error TS2322');
  });
});

describe('down', () => {
  it('stops what up started, keeps what it made, and forgets it on demand', () => {
    const state = join(project.folder, '.fullcycle');
    writeWebhook(state, { kubeconfig: '/nowhere', context: 'gone', namespace: 'argocd', secret: 'secret' });
    expect(project.fullcycle('down')).toMatchObject({ status: 0 });
    expect(project.fullcycle('deliver', '--env', 'dev').stderr).toContain('error[E_LOCAL_DOWN] gitops.repository');
    expect([existsSync(join(state, 'gitops.git')), hasWebhook(state)]).toEqual([true, false]);
    expect(up().environments.map(({ commit }) => commit)).toEqual([null, null, null]);
    expect(project.fullcycle('down', '--purge')).toMatchObject({ status: 0 });
    expect(existsSync(join(project.folder, '.fullcycle'))).toBe(false);
    expect(project.fullcycle('down')).toMatchObject({ status: 0 });
  });
});
