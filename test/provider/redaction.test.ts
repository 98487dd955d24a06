import { describe, expect, it } from 'vitest';
import { Redaction } from '../../infra/provider/redaction.ts';
import { type PropertyMap, Secret } from '../../infra/provider/value.ts';

const key = '-----BEGIN KEY-----\nMIIBdjCCAR2gAwIBAgIUSrQnmM\n-----END KEY-----\n';

describe('a message', () => {
  it.each<[string, PropertyMap, string, string]>([
    ['has a secret taken out', { password: new Secret('correct horse') }, 'value "correct horse" is bad', 'value "[secret]" is bad'],
    ['has its base64 form taken out', { data: new Secret({ p: 'correct horse' }) }, `data: ${btoa('correct horse')}`, 'data: [secret]'],
    ['has its escaped form taken out', { key: new Secret(key) }, `Invalid value: ${JSON.stringify(key)}`, 'Invalid value: "[secret]"'],
    ['has a single line of it taken out', { key: new Secret(key) }, 'near MIIBdjCCAR2gAwIBAgIUSrQnmM', 'near [secret]'],
    [
      'has a short one taken out in quotes',
      { pin: new Secret('12') },
      'Invalid value: "12" after 12 s',
      'Invalid value: [secret] after 12 s',
    ],
    ['has a secret number taken out', { port: new Secret(123456) }, 'port 123456', 'port [secret]'],
    ['keeps what is not secret', { name: 'web', empty: new Secret('') }, 'Deployment web is bad', 'Deployment web is bad'],
    ['has the longer of two taken out as a whole', { a: new Secret('abcdef'), b: new Secret('abcdefgh') }, 'abcdefgh', '[secret]'],
  ])('%s', (_name, properties, message, expected) => {
    const redaction = new Redaction();
    redaction.learn(properties);
    expect(redaction.clean(message)).toBe(expected);
  });
});
