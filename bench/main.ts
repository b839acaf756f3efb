/**
 * `npm run bench [-- --only <name>] [--json]`: each row beside the bare thing in the same run. Figures vary with the
 * machine and its load; ratios less so. What takes very long runs only by its name: `--only bots-full`.
 */
import { parseArgs } from 'node:util';
import { bots, botsFull } from './bots.ts';
import { botsReplicas } from './bots-replicas.ts';
import { commandToVideo } from './command-to-video.ts';
import { demoStart } from './demo-start.ts';
import { gateway } from './gateway.ts';
import { jobs } from './jobs.ts';
import { messaging } from './messaging.ts';
import { oneDownload } from './one-download.ts';
import { resume } from './resume.ts';
import type { Bench, Row } from './row.ts';
import { split } from './split.ts';
import { largeUpload, uploads } from './uploads.ts';

const benches: Bench[] = [
  ...[messaging, gateway, commandToVideo, oneDownload, uploads, largeUpload, split, resume, jobs, demoStart],
  ...[bots, botsFull, botsReplicas],
];

const { values: options } = parseArgs({ options: { only: { type: 'string' }, json: { type: 'boolean' } } });
const chosen = benches.filter(({ name, onlyByName = false }) =>
  options.only === undefined ? !onlyByName : name === options.only,
);
if (chosen.length === 0) {
  console.error(
    `There is no bench ${options.only}; there are ${benches.map(({ name }) => name).join(', ')}.`,
  );
  process.exit(2);
}

const shown = (value: number | null): string => (value === null ? '' : String(value));
const columns = (row: Row): string[] => [
  row.name,
  `${row.value} ${row.unit}`,
  shown(row.baseline),
  shown(row.ratio),
  row.aim ?? '',
  row.ok === null ? '' : row.ok ? 'ok' : 'MISSED',
];

const rows: Row[] = [];
for (const bench of chosen) {
  console.error(`${bench.name} …`);
  for (const one of await bench.run((text) => console.error(`  ${text}`))) {
    rows.push(one);
    if (options.json) console.log(JSON.stringify(one));
  }
}
if (!options.json) {
  const cells = [['name', 'value', 'bare', 'ratio', 'aim', ''], ...rows.map(columns)];
  const widths = (cells[0] ?? []).map((_, column) =>
    Math.max(...cells.map((line) => line[column]?.length ?? 0)),
  );
  for (const line of cells)
    console.log(
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    );
}
process.exit(0);
