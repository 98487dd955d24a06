import * as pulumi from '@pulumi/pulumi';
import type { ReleasedImage } from '../charts/environment.ts';
import { Delivery } from './provider/resources.ts';

/** What to deliver. */
export interface GitOpsDeliveryArgs {
  /** Name of the environment. */
  readonly environment: string;
  /** Image of each of its services, by service name. */
  readonly images: Readonly<Record<string, pulumi.Input<ReleasedImage>>>;
}

/**
 * An environment's manifests in the GitOps repo: rendered, checked, committed and pushed. A preview renders and commits nothing; a refresh
 * sees what others wrote; removing it leaves Git as it is.
 */
export class GitOpsDelivery extends pulumi.ComponentResource {
  /** Commit of the GitOps repo that holds the manifests. */
  readonly commit: pulumi.Output<string>;
  /** Hash of all manifests. */
  readonly tree: pulumi.Output<string>;

  constructor(name: string, { environment, images }: GitOpsDeliveryArgs, options?: pulumi.ComponentResourceOptions) {
    super('fullcycle:index:GitOpsDelivery', name, {}, options);
    const delivery = new Delivery(name, { environment, images, init: true }, { parent: this });
    this.commit = delivery.commit;
    this.tree = delivery.tree;
    this.registerOutputs({ commit: this.commit, tree: this.tree });
  }
}
