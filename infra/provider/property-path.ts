/** The way from a resource to a value in it: keys and list positions. */
export type PropertyPath = readonly (string | number)[];

/** As the engine writes it: `spec.containers[0].image`, `metadata.labels["example.com/team"]`. */
export function formatPath(path: PropertyPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === 'number') return `${text}[${step}]`;
    if (!/^[A-Za-z_$][\w$-]*$/.test(step)) return `${text}[${JSON.stringify(step)}]`;
    return text === '' ? step : `${text}.${step}`;
  }, '');
}

/** Reads what {@link formatPath} writes, and `*` for any key or position. */
export function parsePath(text: string): PropertyPath {
  const steps = text.matchAll(/\["((?:[^"\\]|\\.)*)"\]|\[(\d+)\]|\[(\*)\]|([^.[\]]+)/g);
  return [...steps].map(([, quoted, position, star, key]) => {
    if (position !== undefined) return Number(position);
    return quoted === undefined ? (star ?? key ?? '') : (JSON.parse(`"${quoted}"`) as string);
  });
}

/** True when the path is what the pattern names, or lies inside it. */
export function isWithin(path: PropertyPath, pattern: PropertyPath): boolean {
  return pattern.length <= path.length && pattern.every((step, index) => step === '*' || String(step) === String(path[index]));
}
