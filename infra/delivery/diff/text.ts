import { styleText } from 'node:util';
import type { Change, Risk } from './change.ts';
import { fieldLines, headline, type Line } from './lines.ts';
import { byEnvironment, summaryLine } from './summary.ts';

/** How differences are printed for a terminal. */
export interface TextOptions {
  /** Colour them; the caller knows about NO_COLOR and terminals. @default false */
  readonly color?: boolean;
}

type Style = Parameters<typeof styleText>[0];

const styles: Readonly<Record<Line['sign'], Style>> = { '+': 'green', '-': 'red', '~': 'yellow', ' ': 'dim' };
const noteStyles: Readonly<Record<Risk, Style>> = { high: ['red', 'bold'], medium: 'yellow', low: 'dim' };

/** Environment by environment, object by object, field by field, the riskiest first; the last line counts. */
export function printText(changes: readonly Change[], { color = false }: TextOptions = {}): string {
  const paint = (style: Style, text: string) => (color ? styleText(style, text, { validateStream: false }) : text);
  const print = ({ sign, text, note }: Line, indent: string) => {
    const mark = note === undefined ? '' : `  ${paint(noteStyles[note.slice(0, note.indexOf(':')) as Risk], `▲ ${note}`)}`;
    return `${indent}${paint(styles[sign], `${sign} ${text}`.trimEnd())}${mark}`;
  };
  const environments = byEnvironment(changes).map(([environment, group]) =>
    [
      paint('bold', environment),
      ...group.flatMap((change) => [
        print(headline(change), '  '),
        ...change.fields.flatMap(fieldLines).map((line) => print(line, '      ')),
      ]),
    ].join('\n'),
  );
  return [...environments, paint('bold', `${summaryLine(changes)}${riskLine(changes)}`)].join('\n\n');
}

function riskLine(changes: readonly Change[]): string {
  const high = changes.filter(({ risk }) => risk === 'high').length;
  return high === 0 ? '' : ` · ${high} of high risk`;
}
