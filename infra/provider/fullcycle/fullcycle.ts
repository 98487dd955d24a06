import { fileURLToPath } from 'node:url';
import own from '../../../package.json' with { type: 'json' };
import { fail } from '../../delivery/errors.ts';
import { compare, difference } from '../difference.ts';
import type { Call, Provider } from '../provider.ts';
import { reveal } from '../value.ts';
import { delivery } from './delivery.ts';
import { image } from './image.ts';
import { password } from './password.ts';
import type { Project, ResourceType } from './resource.ts';

/**
 * Images and deliveries of this project as Pulumi resources: the same work as `fullcycle deliver`, in a program; and passwords for it.
 * @param folder absolute folder of the project. @default the one that this file is part of
 */
export function fullcycle(folder: string = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '')): Provider {
  let local = false;
  const project = (): Project => ({ folder, local });
  const types: Readonly<Record<string, ResourceType>> = {
    'fullcycle:image:Image': image(project),
    'fullcycle:gitops:Delivery': delivery(project),
    'fullcycle:secret:Password': password,
  };
  const typeOf = ({ type }: Call): ResourceType =>
    types[type] ?? fail('E_UNSUPPORTED', type, undefined, `one of ${Object.keys(types).join(', ')}`, 'use one of them');
  return {
    name: 'fullcycle',
    version: own.version,
    // The default provider gets every value of the stack that begins with the project's name: they are not the plugin's.
    checkConfig: async () => [],
    diffConfig: (olds, news) => difference(compare(olds, news)),
    async configure(settings) {
      local = String(reveal(settings.local ?? false)) === 'true';
    },
    check: async (request, call) => typeOf(call).check(request, call),
    diff: async (request, call) => typeOf(call).diff(request, call),
    create: async (request, call) => typeOf(call).create(request, call),
    read: async (request, call) => typeOf(call).read(request, call),
    update: async (request, call) => typeOf(call).update(request, call),
    delete: async (request, call) => typeOf(call).delete(request, call),
  };
}
