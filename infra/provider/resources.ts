import * as pulumi from '@pulumi/pulumi';
import type { ReleasedImage } from '../../charts/environment.ts';
import type { BuilderName, Platform } from '../image/image.ts';

/** What to build. */
export interface ImageArgs {
  /** Name of a service in the catalog. */
  readonly service: pulumi.Input<string>;
  /** Registry, and path in it, to push below: the image is `<repository>/<service>`. */
  readonly repository: pulumi.Input<string>;
  /** How it is built. @default auto */
  readonly builder?: pulumi.Input<BuilderName>;
  /** At least one. @default linux/amd64 and linux/arm64 */
  readonly platforms?: pulumi.Input<readonly Platform[]>;
  /** A preview builds too, and pushes nothing: it finds a broken build. @default false */
  readonly buildOnPreview?: pulumi.Input<boolean>;
}

/**
 * The image of a service: built and pushed when what goes into it has changed, else found in its registry. A preview computes a hash
 * of the source, the toolchain and the base, and builds nothing. Deleting the resource leaves the image: earlier releases refer to it.
 */
export class Image extends pulumi.CustomResource {
  /** Repository without tag or digest, as manifests name it. */
  declare readonly name: pulumi.Output<string>;
  /** Source commit at which it was first built, with `-dirty-<hash>` appended for uncommitted work. */
  declare readonly tag: pulumi.Output<string>;
  /** `sha256:` and 64 hex digits. */
  declare readonly digest: pulumi.Output<string>;
  /** Hash of everything that went into it. */
  declare readonly inputs: pulumi.Output<string>;
  /** Digest of the SPDX document pushed beside it. */
  declare readonly sbom: pulumi.Output<string>;
  /** `<name>:<tag>@<digest>`. */
  declare readonly reference: pulumi.Output<string>;

  constructor(name: string, args: ImageArgs, options?: pulumi.CustomResourceOptions) {
    const outputs = { name: undefined, tag: undefined, digest: undefined, inputs: undefined, sbom: undefined, reference: undefined };
    super('fullcycle:image:Image', name, { ...outputs, ...args }, options);
  }

  /** The image as a release records it: what a {@link Delivery} takes. */
  get released(): pulumi.Output<ReleasedImage> {
    return pulumi
      .all([this.name, this.tag, this.digest, this.inputs])
      .apply(([name, tag, digest, inputs]) => ({ name, tag, digest, inputs }));
  }
}

/** What to deliver, and where. */
export interface DeliveryArgs {
  /** Name of an environment: one with a file `Pulumi.<env>.yaml`. */
  readonly environment: pulumi.Input<string>;
  /** Image of each of the environment's services, by service name. */
  readonly images: pulumi.Input<Readonly<Record<string, pulumi.Input<ReleasedImage>>>>;
  /** Deliver into an empty repository too. @default false */
  readonly init?: pulumi.Input<boolean>;
}

/**
 * An environment's manifests in the GitOps repository: committed and pushed when one of them has changed. A preview renders and commits
 * nothing. Deleting the resource leaves Git as it is.
 */
export class Delivery extends pulumi.CustomResource {
  /** Hash of all manifests. */
  declare readonly tree: pulumi.Output<string>;
  /** The commit that holds them. */
  declare readonly commit: pulumi.Output<string>;

  constructor(name: string, args: DeliveryArgs, options?: pulumi.CustomResourceOptions) {
    super('fullcycle:gitops:Delivery', name, { tree: undefined, commit: undefined, ...args }, options);
  }
}

/** When a password is made anew. */
export interface PasswordArgs {
  /** Any text; another one makes another password. */
  readonly keeper?: pulumi.Input<string>;
}

/** A random password, made once and kept in the stack's state, encrypted. Deleting the resource forgets it. */
export class Password extends pulumi.CustomResource {
  /** 43 characters of A-Z, a-z, 0-9, - and _: 256 random bits. Always a secret; unknown in the preview that makes it. */
  declare readonly value: pulumi.Output<string>;

  constructor(name: string, args: PasswordArgs = {}, options?: pulumi.CustomResourceOptions) {
    const secret = pulumi.mergeOptions(options, { additionalSecretOutputs: ['value'] });
    super('fullcycle:secret:Password', name, { value: undefined, ...args }, secret);
  }
}
