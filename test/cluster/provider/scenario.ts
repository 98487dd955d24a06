import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Provider, type ProviderArgs } from '@pulumi/kubernetes';
import type { CustomResourceOptions } from '@pulumi/pulumi';
import { type EngineEvent, LocalWorkspace, type OutputMap, type PulumiFn, type Stack } from '@pulumi/pulumi/automation/index.js';
import { run } from '../../../infra/delivery/process.ts';
import type { Engine } from '../../../infra/provider/engine.ts';
import type { ControlPlane } from './control-plane.ts';

/** What a test's program works with: a Pulumi program as any other, with a provider that knows the cluster explicitly. */
export interface Kit {
  readonly provider: Provider;
  /** The provider as resource options. */
  readonly options: CustomResourceOptions;
  /** A namespace of the test's own; it exists. */
  readonly namespace: string;
}

/** Returns the stack's outputs, if it has any. */
export type Program = (kit: Kit) => unknown;

/** What the engine told. */
export interface Report {
  readonly ok: boolean;
  /** `<operation> <resource>` in order, without the stack and its provider. */
  readonly steps: readonly string[];
  /** Changed property paths by resource. */
  readonly diffs: Readonly<Record<string, readonly string[]>>;
  readonly errors: readonly string[];
  readonly warnings: readonly string[];
  /** All that was printed. */
  readonly output: string;
  readonly outputs: OutputMap;
}

/** A resource as the state has it. */
export interface Resource {
  readonly urn: string;
  readonly id?: string;
  readonly inputs?: object;
  readonly initErrors?: readonly string[];
}

type Verb = 'preview' | 'up' | 'refresh' | 'destroy';

/** One stack with its own state, against one real API server, driven by the real engine. */
export class Scenario {
  readonly namespace: string;
  readonly #plane: ControlPlane;
  readonly #folder: string;
  readonly #stack: Stack;
  /** Settings of the provider besides kubeconfig and context. */
  settings: ProviderArgs = {};

  private constructor(namespace: string, plane: ControlPlane, folder: string, stack: Stack) {
    this.namespace = namespace;
    this.#plane = plane;
    this.#folder = folder;
    this.#stack = stack;
  }

  static async start(name: string, plane: ControlPlane, engine: Engine): Promise<Scenario> {
    const folder = mkdtempSync(join(tmpdir(), 'fullcycle-stack-'));
    mkdirSync(join(folder, 'state'));
    // The engine is looked for on the PATH of this process.
    process.env.PATH = engine.env.PATH;
    const stack = await LocalWorkspace.createOrSelectStack(
      { stackName: 'test', projectName: 'conformance', program: async () => {} },
      {
        pulumiHome: engine.env.PULUMI_HOME,
        projectSettings: { name: 'conformance', runtime: 'nodejs', backend: { url: `file://${join(folder, 'state')}` } },
        envVars: { ...engine.env, PULUMI_CONFIG_PASSPHRASE: 'test' },
      },
    );
    await run([plane.kubectl, 'create', 'namespace', name], { env: { KUBECONFIG: plane.kubeconfigFile } });
    return new Scenario(name, plane, folder, stack);
  }

  /** Text of the kubeconfig of the cluster. */
  get kubeconfig(): string {
    return this.#plane.kubeconfig;
  }

  preview(program: Program): Promise<Report> {
    return this.#run('preview', program);
  }

  up(program: Program, signal?: AbortSignal): Promise<Report> {
    return this.#run('up', program, signal);
  }

  refresh(): Promise<Report> {
    return this.#run('refresh');
  }

  destroy(): Promise<Report> {
    return this.#run('destroy');
  }

  /** Runs kubectl in the test's namespace and returns what it prints. */
  async kubectl(...args: readonly string[]): Promise<string> {
    const { stdout } = await run([this.#plane.kubectl, '--namespace', this.namespace, ...args], {
      env: { KUBECONFIG: this.#plane.kubeconfigFile },
    });
    return stdout.trim();
  }

  /** One field of an object: a JSONPath without braces. Empty when there is no such object or field. */
  field(object: string, path: string): Promise<string> {
    return this.kubectl('get', object, '--ignore-not-found', `--output=jsonpath={${path}}`);
  }

  /** The resources in the stack's state. */
  async state(): Promise<readonly Resource[]> {
    return ((await this.#stack.exportStack()).deployment as { resources?: Resource[] }).resources ?? [];
  }

  /** A resource in the stack's state, by the last part of its URN. */
  async resource(name: string): Promise<Resource | undefined> {
    return (await this.state()).find(({ urn }) => nameOf(urn) === name);
  }

  /** Everything that is stored of the stack: its state, the backup of it, the history. */
  stored(): string {
    const files = readdirSync(join(this.#folder, 'state'), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
    return files.map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8')).join('\n');
  }

  /** Loses a resource from the state, as a crash between the cluster's answer and the writing of the state would. */
  async forget(name: string): Promise<void> {
    const exported = await this.#stack.exportStack();
    const resources = exported.deployment.resources.filter(({ urn }: Resource) => nameOf(urn) !== name);
    const deployment = { ...exported.deployment, resources };
    await this.#stack.importStack({ ...exported, deployment });
  }

  async end(): Promise<void> {
    await this.kubectl('delete', 'namespace', this.namespace, '--wait=false', '--ignore-not-found');
    rmSync(this.#folder, { recursive: true, force: true });
  }

  async #run(verb: Verb, program: Program = () => {}, signal?: AbortSignal): Promise<Report> {
    const events: EngineEvent[] = [];
    const printed: string[] = [];
    this.#stack.workspace.program = this.#inline(program);
    const options = { onEvent: (event: EngineEvent) => events.push(event), onOutput: (text: string) => printed.push(text), signal };
    const work: Promise<{ outputs?: OutputMap }> =
      verb === 'preview' ? this.#stack.preview(options).then(() => ({})) : this.#stack[verb](options);
    const [outputs = {}, failure] = await work.then(
      (result) => [result.outputs],
      (error: Error) => [{}, error.message],
    );
    return { ...summarize(events), ok: failure === undefined, output: printed.join('') + (failure ?? ''), outputs };
  }

  #inline(program: Program): PulumiFn {
    return async () => {
      const cluster = { kubeconfig: this.#plane.kubeconfig, context: this.#plane.context };
      const provider = new Provider('cluster', { ...cluster, ...this.settings });
      return (program({ provider, options: { provider }, namespace: this.namespace }) ?? {}) as Record<string, unknown>;
    };
  }
}

function summarize(events: readonly EngineEvent[]): Pick<Report, 'steps' | 'diffs' | 'errors' | 'warnings'> {
  const started = events.flatMap(({ resourcePreEvent }) => (resourcePreEvent ? [resourcePreEvent.metadata] : []));
  const own = started.filter(({ type }) => type.startsWith('kubernetes:'));
  const said = events.flatMap(({ diagnosticEvent }) => (diagnosticEvent ? [diagnosticEvent] : []));
  const texts = (severity: string) =>
    said
      .filter((event) => event.severity === severity && !event.ephemeral)
      .map(({ message }) => message.replaceAll(/<\{%.*?%\}>/g, '').trim())
      .filter((text) => !text.includes('from $PATH at'));
  return {
    steps: own.map(({ op, urn }) => `${op} ${nameOf(urn)}`),
    diffs: Object.fromEntries(own.map(({ urn, detailedDiff }) => [nameOf(urn), Object.keys(detailedDiff ?? {})])),
    errors: texts('error'),
    warnings: texts('warning'),
  };
}

function nameOf(urn: string): string {
  return urn.split('::').at(-1) ?? '';
}
