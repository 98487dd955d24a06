import { describe, expect, it } from 'vitest';
import { addToCatalog, identifierFor, renameSource } from '../../infra/scaffold/template.ts';

const from = { name: 'goserver', port: 8080 };
const catalog = `import type { Catalog } from './environment.ts';
import { goserver } from './services/goserver.ts';
import { nodeserver } from './services/nodeserver.ts';

/** Every service there is. */
export const catalog: Catalog = [goserver, nodeserver];
`;

describe('source under another name', () => {
  it.each([
    ['main.go', 'const service = "goserver"', 'const service = "my-shop"'],
    ['config.go', 'defaultPort       = 8080', 'defaultPort       = 9191'],
    ['README.md', 'on port 8080. A goserverless 18080', 'on port 9191. A goserverless 18080'],
    ['Dockerfile', '-o /goserver .', '-o /my-shop .'],
    ['package-lock.json', '"name": "goserver", "integrity": "sha512-8080+"', '"name": "my-shop", "integrity": "sha512-8080+"'],
  ])('%s: %s', (path, text, renamed) => {
    expect(renameSource(path, text, from, { name: 'my-shop', port: 9191 })).toBe(renamed);
  });
});

describe('a name in TypeScript', () => {
  it.each([
    ['billing', 'billing'],
    ['my-shop', 'myShop'],
    ['a-1', 'a1'],
    ['delete', 'deleteService'],
    ['catalog', 'catalogService'],
    ['goserver', 'goserverService'],
  ])('for %s is %s', (name, identifier) => {
    expect(identifierFor(name, catalog)).toBe(identifier);
  });
});

describe('the catalog', () => {
  it('has the import in its place and the service at the end', () => {
    expect(addToCatalog(catalog, 'my-shop', 'myShop')).toBe(`import type { Catalog } from './environment.ts';
import { goserver } from './services/goserver.ts';
import { myShop } from './services/my-shop.ts';
import { nodeserver } from './services/nodeserver.ts';

/** Every service there is. */
export const catalog: Catalog = [goserver, nodeserver, myShop];
`);
  });

  it('is broken into lines once it is too long for one, and read again', () => {
    const names = Array.from({ length: 12 }, (_, index) => `service${index + 1}`);
    const long = names.reduce((text, name) => addToCatalog(text, name, name) ?? '', catalog);
    expect(long).toContain('export const catalog: Catalog = [\n  goserver,\n  nodeserver,\n  service1,\n');
    expect(long).toContain('  service12,\n];\n');
  });

  it.each(['export const catalog = [goserver];\n', ''])('is left alone when it is written otherwise: %j', (text) => {
    expect(addToCatalog(text, 'x', 'x')).toBeUndefined();
  });
});
