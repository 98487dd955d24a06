import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Failure, formatProblem } from '../../../infra/delivery/errors.ts';
import type { TreeEntry } from '../../../infra/delivery/plan/drift.ts';
import { blobId, ledgerPath, parseLedger } from '../../../infra/delivery/plan/ledger.ts';
import { type Current, plan, type Wanted } from '../../../infra/delivery/plan/plan.ts';
import type { Guard } from '../../../infra/delivery/plan/prune-guard.ts';
import { formatHolds } from '../../../infra/delivery/release/hold.ts';
import { parseRelease } from '../../../infra/delivery/release/release.ts';
import { apply, commitId, current, type Desired, digest, manifest, strict, type Tree, wanted } from '../desired.ts';

const dev = wanted({ environment: 'dev', services: { goserver: 'v1' } });
const deployment = 'environments/dev/goserver/deployment-goserver.yaml';
const empty: Tree = new Map();

/** The tree after delivering, one after another. */
function deliver(tree: Tree, ...all: Wanted[]): Tree {
  return all.reduce((before, one) => {
    const decided = plan(current(before, one.release.environment), one, strict);
    expect(decided.problems).toEqual([]);
    return apply(before, decided);
  }, tree);
}
const delivered = deliver(empty, dev);
const withFile = (path: string, text: string): Tree => new Map([...delivered, [path, text]]);
const withoutFiles = (gone: (path: string) => boolean): Tree => new Map([...delivered].filter(([path]) => !gone(path)));
const told = (tree: Tree | Current, next: Wanted = dev, guard: Guard = strict): string[] =>
  plan(tree instanceof Map ? current(tree, 'dev') : (tree as Current), next, guard).problems.map(formatProblem);
const withEntry = (entry: TreeEntry): Current => {
  const tip = current(delivered, 'dev');
  return { ...tip, entries: [...tip.entries.filter(({ path }) => path !== entry.path), entry] };
};

describe('the first delivery', () => {
  it('adds every manifest, its record and its section of the ledger', () => {
    const decided = plan(current(empty, 'dev'), dev, strict);
    expect(decided.added).toEqual([
      'argocd/applications/dev-goserver.yaml',
      deployment,
      'environments/dev/goserver/service-goserver.yaml',
      'environments/dev/namespace/namespace-dev.yaml',
    ]);
    expect(decided).toMatchObject({ changed: [], removed: [], deleted: [], drifted: [], nothingToDo: false, problems: [] });
    expect(decided.writes.map(({ path }) => path)).toEqual([ledgerPath, ...decided.added, 'environments/dev/release.json']);
    expect(decided.message.split('\n')[0]).toBe(`deliver(dev): goserver ${commitId('v1').slice(0, 7)}`);
  });

  it('records the blob id of every file and the key of every object', () => {
    const { dev: section } = parseLedger(delivered.get(ledgerPath) ?? '').environments;
    const files = [...delivered].filter(([path]) => path !== ledgerPath).map(([path, text]) => [path, blobId(text)]);
    expect(section?.files).toEqual(Object.fromEntries(files));
    expect(section?.objects).toEqual([
      '/Namespace//dev',
      '/Service/dev/goserver',
      'apps/Deployment/dev/goserver',
      'argoproj.io/Application/argocd/dev-goserver',
    ]);
  });

  it('records sha256 blob ids in a sha256 repository', () => {
    const { writes } = plan({ ...current(empty, 'dev'), format: 'sha256' }, dev, strict);
    const ledger = parseLedger(writes.find(({ path }) => path === ledgerPath)?.text ?? '');
    expect(ledger.environments.dev?.files[deployment]).toBe(blobId(dev.files[0]?.text ?? '', 'sha256'));
  });
});

describe('a delivery', () => {
  it('has nothing to do when manifests and images are equal, whatever else was made anew', () => {
    const again: Wanted = {
      ...dev,
      release: {
        ...dev.release,
        source: { commit: commitId('second'), dirty: true },
        tools: { fullcycle: '9' },
        inputs: `sha256:${'0'.repeat(64)}`,
      },
    };
    const decided = plan(current(delivered, 'dev'), again, strict);
    expect(decided).toMatchObject({ nothingToDo: true, writes: [], message: '', added: [], changed: [], removed: [], problems: [] });
    expect(apply(delivered, decided)).toEqual(delivered);
  });

  it('changes only what differs, and renews the record', () => {
    const next = wanted({ environment: 'dev', services: { goserver: 'v2' }, commit: commitId('second') });
    const decided = plan(current(delivered, 'dev'), next, strict);
    expect(decided).toMatchObject({ added: [], changed: [deployment], removed: [], problems: [] });
    expect(decided.writes.map(({ path }) => path)).toEqual([ledgerPath, deployment, 'environments/dev/release.json']);
    expect(parseRelease('dev', apply(delivered, decided).get('environments/dev/release.json') ?? '')).toEqual(next.release);
  });

  it('tells a change of settings apart from a change of images', () => {
    const next = wanted({ environment: 'dev', services: { goserver: 'v1' }, replicas: 3 });
    expect(plan(current(delivered, 'dev'), next, strict).message.split('\n')[0]).toBe(
      `deliver(dev): settings at ${commitId('first').slice(0, 7)}`,
    );
  });

  it('renews the record when only an image changed, as it does with a kustomization of the same bytes', () => {
    const other = wanted({ environment: 'dev', services: { goserver: 'v2' } });
    const decided = plan(current(delivered, 'dev'), { ...dev, release: other.release }, strict);
    expect(decided.writes.map(({ path }) => path)).toEqual([ledgerPath, 'environments/dev/release.json']);
  });

  it('removes what is rendered no more, when that is allowed', () => {
    const two = deliver(delivered, wanted({ environment: 'dev', services: { goserver: 'v1', nodeserver: 'v1' } }));
    const decided = plan(current(two, 'dev'), dev, { ...strict, deletionBudget: 3 });
    expect(decided).toMatchObject({ added: [], changed: [], problems: [] });
    expect(decided.removed).toEqual([
      'argocd/applications/dev-nodeserver.yaml',
      'environments/dev/nodeserver/deployment-nodeserver.yaml',
      'environments/dev/nodeserver/service-nodeserver.yaml',
    ]);
    expect(apply(two, decided)).toEqual(delivered);
    expect(decided.message).toContain('\nDeletes Deployment/nodeserver\n');
  });

  it('leaves files and ledger sections of other environments as they are', () => {
    const prod = wanted({ environment: 'prod', services: { goserver: 'v1' } });
    const both = deliver(delivered, prod);
    const after = deliver(both, wanted({ environment: 'dev', services: { goserver: 'v2' } }));
    const others = (tree: Tree) => [...tree].filter(([path]) => path.includes('prod'));
    expect(others(after)).toEqual(others(both));
    const section = (tree: Tree) => parseLedger(tree.get(ledgerPath) ?? '').environments.prod;
    expect(section(after)).toEqual(section(both));
  });

  it('leaves files alone that belong to no environment', () => {
    const tree = new Map([...delivered, ['README.md', 'hello'], ['argocd/root.yaml', 'by hand'], ['environments/README.md', 'by hand']]);
    expect(told(tree)).toEqual([]);
  });
});

describe('a hold', () => {
  const hold = 'environments/dev/hold.json';
  const until = '2026-01-02T00:00:00Z';
  const text = formatHolds('dev', [
    { digests: [{ service: 'goserver', digest: digest('bad') }], who: 'Ada', why: 'too slow', since: '2026-01-01T00:00:00Z', until },
  ]);
  const held = deliver(delivered, { ...dev, hold: text, verb: 'rollback', reason: 'too slow' });
  const bad = wanted({ environment: 'dev', services: { goserver: 'bad' } });

  it('is written, owned, and named in the message', () => {
    const decided = plan(current(delivered, 'dev'), { ...dev, hold: text, verb: 'rollback', reason: 'too slow' }, strict);
    expect(decided.writes.map(({ path }) => path)).toEqual([ledgerPath, hold]);
    expect(decided.message).toMatch(/^rollback\(dev\): hold\n\ntoo slow\n/);
    expect(parseLedger(held.get(ledgerPath) ?? '').environments.dev?.files[hold]).toBe(blobId(text ?? ''));
  });

  it('stays until it is taken away', () => {
    expect(plan(current(held, 'dev'), dev, strict)).toMatchObject({ nothingToDo: true, problems: [] });
    const next = deliver(held, wanted({ environment: 'dev', services: { goserver: 'v2' } }));
    expect(next.get(hold)).toBe(held.get(hold));
    expect(deliver(held, { ...dev, hold: null })).toEqual(delivered);
  });

  it('taken away where there is none is nothing to do', () => {
    expect(plan(current(delivered, 'dev'), { ...dev, hold: null }, strict).nothingToDo).toBe(true);
  });

  it('keeps its digest out, until its time has come', () => {
    const told = (now?: number) => plan(current(held, 'dev'), bad, strict, now).problems.map(formatProblem);
    const refused = [
      `error[E_HELD] dev/goserver: ${digest('bad')} - held since 2026-01-01T00:00:00Z until ${until} by Ada: too slow - deliver another build, or release it: fullcycle unhold --env dev --service goserver`,
    ];
    expect(told()).toEqual(refused);
    expect(told(Date.parse(until) - 1)).toEqual(refused);
    expect(told(Date.parse(until))).toEqual([]);
  });

  it('lets its digest come back in the commit that takes it away, and in another service', () => {
    expect(plan(current(held, 'dev'), { ...bad, hold: null }, strict).problems).toEqual([]);
    const other = wanted({ environment: 'dev', services: { goserver: 'v1', nodeserver: 'bad' } });
    expect(plan(current(held, 'dev'), other, strict).problems).toEqual([]);
  });

  it('that can’t be read stops what changes an image', () => {
    const broken = deliver(delivered, { ...dev, hold: '{}\n' });
    expect(() => plan(current(broken, 'dev'), bad, strict)).toThrow(`error[E_STATE] ${hold} schema`);
    expect(plan(current(broken, 'dev'), { ...bad, hold: null }, strict).problems).toEqual([]);
  });

  it('edited or removed by hand is drift', () => {
    const fix = 'only fullcycle writes this file - move the change into the settings or revert it, or deliver with --overwrite';
    expect(told(new Map([...held, [hold, '{}']]))).toEqual([`error[E_DRIFT] ${hold}: edited by hand - ${fix}`]);
    expect(told(new Map([...held].filter(([path]) => path !== hold)))).toEqual([`error[E_DRIFT] ${hold}: removed by hand - ${fix}`]);
  });
});

describe('other hands in an environment', () => {
  const fix = 'only fullcycle writes this file - move the change into the settings or revert it, or deliver with --overwrite';
  const unowned = (path: string) =>
    `error[E_UNOWNED] ${path}: not written by fullcycle - Argo CD applies every file of dev, so only delivered ones may be there - move or remove it in a commit of its own`;

  it('are seen when they edit, remove or mark a file', () => {
    expect(told(withFile(deployment, 'edited'))).toEqual([`error[E_DRIFT] ${deployment}: edited by hand - ${fix}`]);
    expect(told(withoutFiles((path) => path === deployment))).toEqual([`error[E_DRIFT] ${deployment}: removed by hand - ${fix}`]);
    const executable = { path: deployment, mode: '100755', id: blobId(dev.files[0]?.text ?? '') };
    expect(told(withEntry(executable))).toEqual([`error[E_DRIFT] ${deployment}: edited by hand - ${fix}`]);
    const removedRecord = withoutFiles((path) => path.endsWith('release.json'));
    expect(told(removedRecord)).toEqual([`error[E_DRIFT] environments/dev/release.json: removed by hand - ${fix}`]);
  });

  it('are told all at once, sorted, with exit code 6', () => {
    const tree = new Map([...withFile(deployment, 'edited'), ['environments/dev/extra.yaml', 'x'], ['argocd/projects/dev.yaml', 'x']]);
    const problems = plan(current(tree, 'dev'), dev, strict).problems;
    expect(problems.map(({ code, field }) => `${code} ${field}`)).toEqual([
      'E_UNOWNED environments/dev/extra.yaml',
      'E_UNOWNED argocd/projects/dev.yaml',
      `E_DRIFT ${deployment}`,
    ]);
    expect(new Failure(problems).exitCode).toBe(6);
  });

  it('are overwritten only when asked', () => {
    const edited = new Map([...withFile(deployment, 'edited')].filter(([path]) => !path.endsWith('service-goserver.yaml')));
    const decided = plan(current(edited, 'dev'), dev, { ...strict, overwrite: true });
    expect(decided).toMatchObject({ problems: [], changed: [deployment], added: ['environments/dev/goserver/service-goserver.yaml'] });
    expect(decided.drifted).toEqual([deployment, 'environments/dev/goserver/service-goserver.yaml']);
    const after = apply(edited, decided);
    expect([...after].sort()).toEqual([...delivered].sort());
  });

  it('that removed a file the render leaves out anyway are no drift', () => {
    const two = deliver(delivered, wanted({ environment: 'dev', services: { goserver: 'v1', nodeserver: 'v1' } }));
    const tree = new Map([...two].filter(([path]) => !path.includes('nodeserver')));
    expect(told(tree, dev, { ...strict, deletionBudget: 3 })).toEqual([]);
  });

  it.each(['environments/dev/extra.yaml', 'environments/dev/goserver/extra.yaml', 'argocd/applications/dev-extra.yaml'])(
    'may not add %s',
    (path) => {
      expect(told(withFile(path, 'apiVersion: v1'))).toEqual([unowned(path)]);
      expect(told(withFile(path, 'apiVersion: v1'), dev, { ...strict, overwrite: true })).toEqual([unowned(path)]);
    },
  );

  it('that put a file where a folder must be are in the way', () => {
    expect(told(new Map([['environments/dev', 'a file']]))).toEqual([unowned('environments/dev')]);
    expect(told(new Map([['argocd', 'a file']]))).toEqual([unowned('argocd')]);
  });

  it('that wrote exactly what is wanted are taken over', () => {
    const lost = withoutFiles((path) => path === ledgerPath);
    const decided = plan(current(lost, 'dev'), dev, strict);
    expect(decided).toMatchObject({ problems: [], added: [], changed: [] });
    expect(apply(lost, decided)).toEqual(delivered);
  });

  it('that lost the ledger stop a delivery that would have to replace files', () => {
    const lost = withoutFiles((path) => path === ledgerPath);
    const next = wanted({ environment: 'dev', services: { goserver: 'v2' } });
    expect(told(lost, next)).toEqual([unowned(deployment), unowned('environments/dev/release.json')]);
  });

  it('that deleted the environment are answered by name, not file by file', () => {
    const gone = withoutFiles((path) => path.startsWith('environments/dev/'));
    const problem =
      'error[E_ENV_MISSING] dev: environments/dev is gone - .fullcycle/owned.json lists 5 files of it - restore it with git revert, or deliver with --overwrite to write it anew';
    expect(told(gone)).toEqual([problem]);
    expect(plan(current(gone, 'dev'), dev, strict).drifted.length).toBe(4);
    const decided = plan(current(gone, 'dev'), dev, { ...strict, overwrite: true });
    expect(decided.problems).toEqual([]);
    expect([...apply(gone, decided)].sort()).toEqual([...delivered].sort());
  });
});

describe('links in the tree', () => {
  const line = (path: string, value: string) =>
    `error[E_SYMLINK] ${path}: ${value} - what Argo CD applies is plain files - replace it by a file or remove it, in a commit of its own`;

  it.each([
    'environments/dev/goserver/out.yaml',
    deployment,
    'environments/dev/namespace',
    'environments/dev',
    'environments',
    'argocd',
    'argocd/applications',
    'argocd/projects/dev.yaml',
    '.fullcycle',
    ledgerPath,
  ])('are refused at %s', (path) => {
    expect(told(withEntry({ path, mode: '120000', id: blobId('x'), target: '../../etc/passwd' }))).toContain(
      line(path, '-> ../../etc/passwd'),
    );
    expect(told(withEntry({ path, mode: '160000', id: commitId('x') }))).toContain(line(path, 'is a submodule'));
  });

  it('are refused even where everything may be overwritten', () => {
    const tip = withEntry({ path: deployment, mode: '120000', id: blobId('x'), target: '/etc/passwd' });
    expect(told(tip, dev, { ...strict, overwrite: true })).toEqual([line(deployment, '-> /etc/passwd')]);
  });

  it.each(['environments/prod/x.yaml', 'argocd/projects/prod.yaml'])("are another environment's matter at %s", (path) => {
    expect(told(withEntry({ path, mode: '120000', id: blobId('x'), target: '..' }))).toEqual([]);
  });
});

describe('the record at the tip', () => {
  it('that is broken as we wrote it is an error, never an empty one', () => {
    const path = 'environments/dev/release.json';
    const broken = new Map([...delivered, [path, '{']]);
    const ledger = parseLedger(delivered.get(ledgerPath) ?? '');
    ledger.environments.dev && Object.assign(ledger.environments.dev.files, { [path]: blobId('{') });
    const tip = { ...current(broken, 'dev'), ledger };
    expect(() => plan(tip, dev, strict)).toThrow(
      `error[E_STATE] ${path}: - is not JSON - restore the file from the history of the GitOps repo: git log -- ${path}`,
    );
  });

  it('that was broken by hand is drift, and written anew when that is asked', () => {
    const broken = withFile('environments/dev/release.json', '{');
    expect(plan(current(broken, 'dev'), dev, strict).problems.map(({ code }) => code)).toEqual(['E_DRIFT']);
    expect(apply(broken, plan(current(broken, 'dev'), dev, { ...strict, overwrite: true }))).toEqual(delivered);
  });
});

describe('a render that would reach other files', () => {
  const bad = (path: string, text = 'x'): string[] =>
    told(empty, { ...dev, files: [...dev.files, { ...manifest(path, 'v1', 'ConfigMap', 'x', 'dev'), text }] });
  const fault = 'this is a fault of the render: please report it';

  it.each([
    'environments/prod/a.yaml',
    '../a.yaml',
    '/etc/passwd',
    'environments/dev/../prod/a.yaml',
    '.git/config',
    'a b',
    'environments/dev/a\nb',
    '.fullcycle/owned.json',
  ])('is refused: %j', (path) => {
    expect(bad(path)).toEqual([`error[E_PATH] ${path.replace('\n', ' ')}: - is no path of dev in the GitOps repo - ${fault}`]);
  });

  it('is refused where it renders a record or the same path twice', () => {
    expect(bad('environments/dev/release.json')).toContain(
      `error[E_PATH] environments/dev/release.json: - is the path of a record, not of a manifest - ${fault}`,
    );
    expect(bad(deployment.toUpperCase().replace('ENVIRONMENTS/DEV', 'environments/dev'))).toEqual([
      `error[E_PATH] environments/dev/GOSERVER/DEPLOYMENT-GOSERVER.YAML: - is rendered twice, upper and lower case being alike - ${fault}`,
    ]);
  });

  it('is refused where git would not keep its bytes', () => {
    expect(bad('environments/dev/a.yaml', '\ud800')).toEqual([
      `error[E_ENCODING] environments/dev/a.yaml: - a manifest is well-formed Unicode - ${fault}`,
    ]);
  });

  it('is refused for a reason that is not one line', () => {
    expect(told(empty, { ...dev, reason: 'a\nb' })[0]).toContain('error[E_MESSAGE] reason: a b');
  });
});

describe('planning', () => {
  const names = fc.constantFrom('a', 'b', 'c', 'd');
  const desired = (environment: string): fc.Arbitrary<Desired> =>
    fc.record({
      environment: fc.constant(environment),
      services: fc.dictionary(names, fc.constantFrom('v1', 'v2', 'v3')),
      replicas: fc.integer({ min: 1, max: 3 }),
      commit: fc.constantFrom(commitId('first'), commitId('second')),
    });
  const loose: Guard = { deletionBudget: 100, allowDelete: [], overwrite: false };

  it('again on its own result finds nothing to do, and the tree is the render', () => {
    const steps = fc.array(fc.constantFrom('dev', 'prod').chain(desired), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(steps, (all) => {
        let tree: Tree = new Map();
        for (const step of all) {
          const next = wanted(step);
          tree = apply(tree, plan(current(tree, step.environment), next, loose));
          expect(plan(current(tree, step.environment), next, loose)).toMatchObject({ nothingToDo: true, writes: [], problems: [] });
          const own = [...tree].filter(([path]) => /^(environments\/|argocd\/\w+\/)(dev|prod)/.exec(path)?.[2] === step.environment);
          const rendered = own.filter(([path]) => !path.endsWith('release.json')).sort();
          expect(rendered).toEqual(next.files.map(({ path, text }) => [path, text]).sort());
        }
      }),
      { numRuns: 200 },
    );
  });

  it('gives the same plan whatever the order of its input', () => {
    fc.assert(
      fc.property(desired('dev'), fc.infiniteStream(fc.nat()), (step, keys) => {
        const next = wanted(step);
        const shuffled = { ...next, files: [...next.files].sort(() => ((keys.next().value ?? 0) % 2 === 0 ? 1 : -1)) };
        const tip = current(delivered, 'dev');
        expect(plan({ ...tip, entries: [...tip.entries].reverse() }, shuffled, loose)).toEqual(plan(tip, next, loose));
      }),
      { numRuns: 100 },
    );
  });
});
