// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the variables are the Dockerfile's
import { describe, expect, it } from 'vitest';
import { baseImages } from '../../infra/image/dockerfile.ts';

const cases: readonly [string, string, readonly string[]][] = [
  ['one image', 'FROM golang:1.26', ['golang:1.26']],
  ['lower case and spaces', '  from   golang:1.26  as build', ['golang:1.26']],
  ['a platform before the image', 'FROM --platform=$BUILDPLATFORM golang:1.26', ['golang:1.26']],
  ['scratch is no image', 'FROM scratch', []],
  ['a stage is no image', 'FROM a AS build\nFROM build\nFROM Build', ['a']],
  ['a stage copied from', 'FROM a AS build\nFROM scratch\nCOPY --from=build /x /x\nCOPY --from=0 /y /y', ['a']],
  ['an image copied from', 'FROM scratch\nCOPY --from=busybox:1 /bin/sh /bin/sh', ['busybox:1']],
  ['an image mounted from', 'FROM a\nRUN --mount=type=bind,from=b,target=/b true', ['a', 'b']],
  ['the same twice', 'FROM a\nFROM a', ['a']],
  ['an argument with a default', 'ARG IMAGE=node:24\nFROM ${IMAGE}', ['node:24']],
  ['an argument in quotes', 'ARG IMAGE="node:24"\nFROM $IMAGE', ['node:24']],
  ['an argument made of another', 'ARG V=24\nARG IMAGE=node:${V}-slim\nFROM $IMAGE', ['node:24-slim']],
  ['several arguments in one', 'ARG A=a B=b\nFROM $A\nFROM $B', ['a', 'b']],
  ['a default in place', 'FROM ${IMAGE:-node:24}', ['node:24']],
  ['an argument beats the default in place', 'ARG IMAGE=a\nFROM ${IMAGE:-b}', ['a']],
  ['an argument of a stage is not global', 'FROM a\nARG IMAGE=b\nFROM ${IMAGE:-c}', ['a', 'c']],
  ['comments', '# FROM a\nFROM b\n  # FROM c', ['b']],
  ['continued lines', 'FROM \\\n  golang:1.26 \\\n  AS build\nFROM build', ['golang:1.26']],
  ['carriage returns', 'FROM a AS b\r\nFROM b\r\n', ['a']],
  ['a digest', `FROM a@sha256:${'0'.repeat(64)}`, [`a@sha256:${'0'.repeat(64)}`]],
  ['nothing', '', []],
];

describe('images that a Dockerfile starts from', () => {
  it.each(cases)('%s', (_, text, images) => {
    expect(baseImages(text)).toEqual(images);
  });
});
