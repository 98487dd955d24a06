import * as docker from '@pulumi/docker';
import * as pulumi from '@pulumi/pulumi';
import type { ReleasedImage } from '../charts/environment.ts';
import type { ImageConfig } from './config.ts';
import { inputsTag } from './image/inputs.ts';
import { Image } from './provider/resources.ts';

/** What to build. */
export interface AppImageArgs {
  /** Name of a service in the catalog. */
  readonly service: string;
  readonly image: ImageConfig;
  /** What `builder: docker` needs to know, as @pulumi/docker computes none of it. */
  readonly docker?: DockerSource;
}

/** A service's folder as it is now. */
export interface DockerSource {
  /** Absolute folder with the Dockerfile. */
  readonly context: string;
  /** Hash of everything that goes into the image. */
  readonly inputs: string;
  /** Tag of the release: the commit, with `-dirty-<hash>` appended for uncommitted work. */
  readonly tag: string;
}

/**
 * The image of a service in its registry: built and pushed when what goes into it has changed. With `builder: docker` it is a resource of
 * @pulumi/docker, for one platform; with every other builder one of our own plugin, which needs no daemon.
 */
export class AppImage extends pulumi.ComponentResource {
  /** The image as a release records it. */
  readonly released: pulumi.Output<ReleasedImage>;
  /** `sha256:` and 64 hex digits. */
  readonly digest: pulumi.Output<string>;

  constructor(name: string, args: AppImageArgs, options?: pulumi.ComponentResourceOptions) {
    super('fullcycle:index:AppImage', name, {}, options);
    this.released = args.docker ? this.#byDocker(name, args, args.docker) : this.#byPlugin(name, args);
    this.digest = this.released.apply(({ digest }) => digest);
    this.registerOutputs({ released: this.released, digest: this.digest });
  }

  #byPlugin(name: string, { service, image }: AppImageArgs): pulumi.Output<ReleasedImage> {
    const { repository, builder, platforms, buildOnPreview } = image;
    return new Image(name, { service, repository, builder, platforms, buildOnPreview }, { parent: this }).released;
  }

  /** The name holds the inputs, so the resource changes exactly when they do; tags for people follow. */
  #byDocker(name: string, { service, image }: AppImageArgs, { context, inputs, tag }: DockerSource): pulumi.Output<ReleasedImage> {
    const repository = `${image.repository}/${service}`;
    const options = { parent: this };
    const built = new docker.Image(
      name,
      {
        imageName: `${repository}:${inputsTag(inputs)}`,
        build: { context, platform: image.platforms[0], args: { BUILD_ID: inputs } },
        buildOnPreview: image.buildOnPreview,
      },
      options,
    );
    for (const extra of [tag, 'latest']) {
      const targetImage = `${repository}:${extra}`;
      const named = new docker.Tag(`${name}-${extra}`, { sourceImage: built.imageName, targetImage, tagTriggers: [inputs] }, options);
      new docker.RegistryImage(`${name}-${extra}`, { name: named.targetImage, keepRemotely: true, triggers: { inputs } }, options);
    }
    return built.repoDigest.apply((reference) => ({ name: repository, tag, digest: reference.split('@')[1] ?? '', inputs }));
  }
}
