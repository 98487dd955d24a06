import { buildImage } from '../../infra/image/build.ts';
import { imageRequest } from './project.ts';

/** Builds one image as a process of its own, to be killed; says on stdout what it does. */
const [context = '', name = '', cacheDirectory = ''] = process.argv.slice(2);
await buildImage(imageRequest(context, name, { builder: 'ko' }), {
  cacheDirectory,
  onProgress: (line) => process.stdout.write(`${line}\n`),
});
