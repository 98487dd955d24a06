import type { Problem } from '../../charts/problem.ts';
import { Failure } from '../delivery/errors.ts';
import type { PropertyMap } from './value.ts';

/** What manages the resources of one package, told apart from the protocol it is spoken to in: see `server.ts`. */
export interface Provider {
  /** Package name: the first part of its resource types. */
  readonly name: string;
  /** Semantic version that the engine compares with the one its program asks for. */
  readonly version: string;
  /** Finds what is wrong with the provider's own settings. */
  checkConfig(settings: PropertyMap): Promise<readonly PropertyProblem[]>;
  /** What other settings mean; where they replace the provider, every resource of it is made anew. */
  diffConfig(olds: PropertyMap, news: PropertyMap): Difference;
  /** Takes the settings; called once, before anything below. */
  configure(settings: PropertyMap): Promise<void>;
  /** Checks the inputs of a resource and fills in defaults. */
  check(request: CheckRequest, call: Call): Promise<CheckResult>;
  /** What an update would change. */
  diff(request: DiffRequest, call: Call): Promise<Difference>;
  /** Makes the resource. @throws Unfinished when it exists afterwards but is not what it should be */
  create(request: CreateRequest, call: Call): Promise<Created>;
  /** The resource as it is now; undefined when it is gone. */
  read(request: ReadRequest, call: Call): Promise<Found | undefined>;
  /** Changes the resource in place and returns its outputs. @throws Unfinished when it was changed but is not what it should be */
  update(request: UpdateRequest, call: Call): Promise<PropertyMap>;
  /** Removes the resource. One that is gone already counts as removed. */
  delete(request: DeleteRequest, call: Call): Promise<void>;
}

/** One operation on one resource. */
export interface Call {
  /** Unique name of the resource in its stack. */
  readonly urn: string;
  /** Last part of the URN. */
  readonly name: string;
  /** `package:module:Type`. */
  readonly type: string;
  /** Aborts when the user interrupts the engine. */
  readonly signal: AbortSignal;
  /** Shows what is being done, until the next one or the end of the operation. */
  status(text: string): void;
  /** Shows a remark that stays. */
  warn(text: string): void;
}

/** A property that is wrong. */
export interface PropertyProblem {
  /** Path of the property: `spec.replicas`. */
  readonly property: string;
  readonly problem: Problem;
}

export interface CheckRequest {
  /** Inputs of the last deployment; empty for a new resource. */
  readonly olds: PropertyMap;
  readonly news: PropertyMap;
  /** The same for the same resource in a preview and the update that follows. */
  readonly randomSeed: Uint8Array;
  /** How the stack's settings want a name chosen that the program leaves out. @default the provider's own way */
  readonly autonaming?: { readonly mode: 'propose' | 'enforce' | 'disable'; readonly name: string };
}

export interface CheckResult {
  readonly inputs: PropertyMap;
  readonly problems: readonly PropertyProblem[];
}

export interface DiffRequest {
  readonly id: string;
  readonly oldInputs: PropertyMap;
  readonly oldOutputs: PropertyMap;
  readonly news: PropertyMap;
  /** Paths whose changes don't count. */
  readonly ignoreChanges: readonly string[];
}

/** How one property changes. */
export type ChangeKind = 'add' | 'delete' | 'update';

/** A property that changes. */
export interface Change {
  readonly kind: ChangeKind;
  /** True when it can only be had by making the resource anew. @default false */
  readonly replaces?: boolean;
  /** True when the inputs say so; false when the resource has drifted from its last outputs. @default false */
  readonly fromInputs?: boolean;
}

export interface Difference {
  /** True when there is anything to do, even where no property can be named. */
  readonly changed: boolean;
  /** Changes by property path. */
  readonly changes: ReadonlyMap<string, Change>;
  /** True when the old resource must go before the new one comes. @default false */
  readonly deleteBeforeReplace?: boolean;
}

export interface CreateRequest {
  readonly inputs: PropertyMap;
  /** True when nothing may be written; the inputs may hold unknowns then. */
  readonly preview: boolean;
  /** Seconds from the resource's options; 0 when it has none. */
  readonly timeout: number;
}

export interface Created {
  /** Never empty, except in a preview. */
  readonly id: string;
  readonly outputs: PropertyMap;
}

export interface ReadRequest {
  readonly id: string;
  /** Empty for a resource that is imported. */
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly timeout: number;
}

export interface Found extends Created {
  readonly inputs: PropertyMap;
}

export interface UpdateRequest extends DiffRequest {
  readonly preview: boolean;
  readonly timeout: number;
}

export interface DeleteRequest {
  readonly id: string;
  readonly inputs: PropertyMap;
  readonly outputs: PropertyMap;
  readonly timeout: number;
}

/** A resource that exists but failed to become what it should be. The engine records it, and the next update tries again. */
export class Unfinished extends Failure {
  readonly resource: Created;

  constructor(resource: Created, problems: readonly Problem[], options?: ErrorOptions) {
    super(problems, options);
    this.resource = resource;
  }
}
