/** Compares dotted numbers part by part: negative where `a` is older, 0 where they are the same. `2026.7.4` is `2026.07.04`. */
export const compareVersions = (a: string, b: string): number => {
  const [left, right] = [a, b].map((version) => version.trim().split('.').map(Number)) as [
    number[],
    number[],
  ];
  for (let part = 0; part < Math.max(left.length, right.length); part++) {
    const difference = (left[part] ?? 0) - (right[part] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
};
