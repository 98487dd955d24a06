import { closeSync, openSync, readSync } from 'node:fs';
import type { Platform } from '../../infra/image/image.ts';

/** Which platform a Linux binary is for, by its ELF header. Source: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
export function platformOf(file: string): Platform | undefined {
  const header = Buffer.alloc(20);
  const descriptor = openSync(file, 'r');
  readSync(descriptor, header);
  closeSync(descriptor);
  if (header.toString('latin1', 0, 4) !== '\x7fELF') return undefined;
  return ({ 62: 'linux/amd64', 183: 'linux/arm64' } as const)[header.readUInt16LE(18)];
}
