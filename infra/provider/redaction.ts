import { type PropertyMap, secretTexts } from './value.ts';

const replacement = '[secret]';
/** A secret of fewer characters is taken out only where it stands in quotes: it is part of ordinary words elsewhere. */
const shortSecret = 6;
/** A line of a longer secret counts as a secret itself from this length on: an API may quote a line of a key. */
const longLine = 16;

/** Takes secrets out of texts: an API server quotes the values that it refuses. */
export class Redaction {
  readonly #texts = new Set<string>();

  /** Remembers every secret in the properties, as it is and as it may be quoted: in base64, with escapes, line by line. */
  learn(properties: PropertyMap): void {
    for (const text of secretTexts(properties)) {
      const lines = text.split('\n').filter((line) => line.length >= longLine);
      for (const form of [text, ...lines, Buffer.from(text).toString('base64'), JSON.stringify(text).slice(1, -1)]) this.#texts.add(form);
    }
  }

  clean(text: string): string {
    const longestFirst = [...this.#texts].filter((secret) => secret !== '').sort((a, b) => b.length - a.length);
    return longestFirst.reduce(
      (cleaned, secret) =>
        secret.length < shortSecret ? cleaned.replaceAll(`"${secret}"`, replacement) : cleaned.replaceAll(secret, replacement),
      text,
    );
  }
}
