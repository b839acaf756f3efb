/** One measurement. `ratio` is to the bare thing in the same run; null where there is nothing to compare with. */
export interface Row {
  name: string;
  value: number;
  unit: string;
  baseline: number | null;
  ratio: number | null;
  /** `>= 0.7`: what the ratio (or, without one, the value) should be; null where none was set. */
  aim: string | null;
  ok: boolean | null;
}

interface Aim {
  atLeast?: number;
  atMost?: number;
}

/** A row whose `ok` follows from its aim. */
export const row = (
  name: string,
  value: number,
  unit: string,
  baseline: number | null = null,
  aim: Aim = {},
): Row => {
  const ratio = baseline === null ? null : value / baseline;
  const judged = ratio ?? value;
  const { atLeast, atMost } = aim;
  const none = atLeast === undefined && atMost === undefined;
  return {
    name,
    value: round(value),
    unit,
    baseline: baseline === null ? null : round(baseline),
    ratio: ratio === null ? null : round(ratio),
    aim: none ? null : atLeast === undefined ? `<= ${atMost}` : `>= ${atLeast}`,
    ok: none
      ? null
      : judged >= (atLeast ?? Number.NEGATIVE_INFINITY) && judged <= (atMost ?? Number.POSITIVE_INFINITY),
  };
};

const round = (value: number): number => Number(value.toPrecision(4));

/** The p-th percentile (0 to 100) by nearest rank. */
export const percentile = (values: number[], p: number): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((p / 100) * sorted.length) - 1)] ?? Number.NaN;
};

/** A group of rows that is measured together; `npm run bench -- --only <name>` runs one. */
export interface Bench {
  name: string;
  /** It takes too long to be run along with all others. */
  onlyByName?: true;
  run: (say: (text: string) => void) => Promise<Row[]>;
}
