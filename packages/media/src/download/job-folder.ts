import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { filesIn } from './folder-size.ts';

/** Where one job keeps its files: what yt-dlp fetches, apart from what is made of it. */
export interface JobFolder {
  root: string;
  source: string;
  output: string;
}

const jobPattern = /^[A-Za-z0-9_-]{1,200}$/;

/** @throws {TypeError} where the job's id is no plain name. */
export const jobFolder = (workDir: string, jobId: string): JobFolder => {
  if (!jobPattern.test(jobId)) throw new TypeError(`not a job id: ${JSON.stringify(jobId)}`);
  const root = join(workDir, jobId);
  return { root, source: join(root, 'source'), output: join(root, 'output') };
};

/**
 * Makes the folder, or finds what a job of the same id has fetched before it died. Another request under the same id
 * starts anew: two media are never mixed in one file.
 */
export const openJobFolder = async (folder: JobFolder, request: object): Promise<void> => {
  const label = join(folder.root, 'request.json');
  const wanted = JSON.stringify(request);
  const found = await readFile(label, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return null;
    throw error;
  });
  if (found !== wanted) await rm(folder.root, { recursive: true, force: true });
  await rm(folder.output, { recursive: true, force: true });
  for (const path of [folder.source, folder.output]) await mkdir(path, { recursive: true });
  if (found !== wanted) await writeFile(label, wanted);
};

/** Removes the folders in which nothing has changed for `olderThanMs`, but those of `running`; returns their names. */
export const sweepJobFolders = async (
  workDir: string,
  olderThanMs: number,
  running: ReadonlySet<string>,
): Promise<string[]> => {
  await mkdir(workDir, { recursive: true });
  const swept: string[] = [];
  for (const name of await readdir(workDir)) {
    if (!jobPattern.test(name) || running.has(name)) continue;
    const { root } = jobFolder(workDir, name);
    const changedAt = Math.max(0, ...(await filesIn(root)).map((file) => file.changedAt));
    if (Date.now() - changedAt < olderThanMs) continue;
    await rm(root, { recursive: true, force: true });
    swept.push(name);
  }
  return swept;
};
