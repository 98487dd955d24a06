/** What a line of ko's log means to the user; every other one is of no use to them. */
const stages: readonly (readonly [said: RegExp, progress: string])[] = [
  [/^Building \S+ for (\S+)$/, 'compiling for $1'],
  [/^Writing SBOM to .*$/, 'writing SBOM'],
];

/** A line of ko's log as progress: without the time it starts with and the scratch folders it names. Undefined for what tells the user nothing. */
export function koProgress(line: string): string | undefined {
  const said = line.replace(/^\d{4}\/\d\d\/\d\d \d\d:\d\d:\d\d /, '');
  return stages.flatMap(([pattern, progress]) => (pattern.test(said) ? said.replace(pattern, progress) : []))[0];
}
