import type { Catalog } from './environment.ts';
import { goserver } from './services/goserver.ts';
import { nodeserver } from './services/nodeserver.ts';

/** Every service there is. A new one is a file in `charts/services/` and a line here. */
export const catalog: Catalog = [goserver, nodeserver];
