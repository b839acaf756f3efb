import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { filesIn } from './folder-size.ts';
import { isDead, isGroupThere, isThisProcess, type Owner, thisOwner } from './owner.ts';

/** Where one attempt at a job keeps its files: what yt-dlp fetches, apart from what is made of it. */
export interface JobFolder {
  jobId: string;
  root: string;
  source: string;
  output: string;
}

/** `<job>.<attempt>`, and what is added to the name of one that is out of the way and about to be removed. */
const namePattern = /^([A-Za-z0-9_-]{1,128})\.[A-Za-z0-9_-]{1,64}(~[0-9a-f-]{36})?$/;

const asideOf = (root: string): string => `${root}~${randomUUID()}`;
const isAside = (root: string): boolean => basename(root).includes('~');

/** Roots of the folders that this process is working in. */
const running = new Set<string>();

/** @throws {TypeError} where job or attempt is no plain name. */
export const jobFolder = (workDir: string, jobId: string, attempt: string): JobFolder => {
  const name = `${jobId}.${attempt}`;
  if (namePattern.exec(name)?.[1] !== jobId)
    throw new TypeError(`not a job and its attempt: ${JSON.stringify(name)}`);
  const root = join(workDir, name);
  return { jobId, root, source: join(root, 'source'), output: join(root, 'output') };
};

const ownerFile = 'owner.json';
const requestFile = 'request.json';
const toolFile = 'yt-dlp.pid';

const ifMissing =
  <T>(value: T) =>
  (error: NodeJS.ErrnoException): T => {
    if (error.code === 'ENOENT') return value;
    throw error;
  };

const textOf = (root: string, name: string): Promise<string> =>
  readFile(join(root, name), 'utf8').catch(ifMissing(''));

/** Null where it has not been written to its end: then nothing is known. */
const ownerOf = async (root: string): Promise<Owner | null> => {
  try {
    return JSON.parse(await textOf(root, ownerFile)) as Owner;
  } catch {
    return null;
  }
};

/**
 * Notes the group of the tool that writes into the folder. It outlives a killed owner by a moment, or longer where the
 * reaper was killed as well.
 */
export const noteTool = ({ root }: JobFolder, group: number): void =>
  writeFileSync(join(root, toolFile), String(group));

/** True where certainly nobody works in the folder any more. */
const isLeft = async (root: string): Promise<boolean> => {
  const owner = await ownerOf(root);
  if (!owner || running.has(root)) return false;
  if (isThisProcess(owner)) return true;
  const group = Number(await textOf(root, toolFile));
  return isDead(owner) && !(group > 0 && isGroupThere(group));
};

/** Out of the way first, in one step: nobody takes over a folder that is half removed. */
const remove = async (root: string): Promise<void> => {
  const aside = isAside(root) ? root : asideOf(root);
  if (aside !== root && !(await rename(root, aside).then(() => true, ifMissing(false)))) return;
  await rm(aside, { recursive: true, force: true });
};

/** The other folders of a job in which nobody works any more, the one that changed last first. */
const leftFolders = async (workDir: string, { jobId, root: own }: JobFolder): Promise<string[]> => {
  const found: { root: string; changedAt: number }[] = [];
  for (const name of await readdir(workDir).catch(ifMissing([]))) {
    const root = join(workDir, name);
    if (namePattern.exec(name)?.[1] !== jobId || isAside(root) || root === own) continue;
    if (!(await isLeft(root))) continue;
    const files = await filesIn(join(root, 'source'));
    found.push({ root, changedAt: Math.max(0, ...files.map(({ changedAt }) => changedAt)) });
  }
  return found.sort((a, b) => b.changedAt - a.changedAt).map(({ root }) => root);
};

/**
 * Makes the folder, and moves what stood there out of the way, to the path that it returns.
 * @throws where somebody else works, or may be working, under the same job and attempt.
 */
const makeRoot = async (root: string): Promise<string | null> => {
  const made = await mkdir(root).then(
    () => true,
    (error: NodeJS.ErrnoException) => {
      if (error.code === 'EEXIST') return false;
      throw error;
    },
  );
  if (made) return null;
  const owner = await ownerOf(root);
  if (!owner || !(isThisProcess(owner) || isDead(owner)))
    throw new Error(`${root} belongs to another process`);
  const aside = asideOf(root);
  await rename(root, aside);
  await mkdir(root);
  return aside;
};

/**
 * Runs `work` in the attempt's folder, with what an earlier attempt at the same job had fetched before it ended. What
 * one of another request has fetched is never used: two media are never mixed in one file. Nor is that of a process that
 * may still be alive, stopped though it be: two processes never write the same file.
 */
export const inJobFolder = async <T>(
  workDir: string,
  folder: JobFolder,
  request: object,
  work: () => Promise<T>,
): Promise<T> => {
  const { root, source, output } = folder;
  if (running.has(root)) throw new Error(`${root} is running already`);
  running.add(root);
  try {
    await mkdir(workDir, { recursive: true });
    const aside = await makeRoot(root);
    const wanted = JSON.stringify(request);
    // Whose it is and what for stands there before the first byte does.
    await writeFile(join(root, ownerFile), JSON.stringify(thisOwner));
    await writeFile(join(root, requestFile), wanted);
    let isTaken = false;
    for (const left of [...(aside === null ? [] : [aside]), ...(await leftFolders(workDir, folder))]) {
      if (!isTaken && (await textOf(left, requestFile)) === wanted)
        // One step: of two who want it, one gets it.
        isTaken = await rename(join(left, 'source'), source).then(() => true, ifMissing(false));
      await remove(left);
    }
    for (const path of [source, output]) await mkdir(path, { recursive: true });
    return await work();
  } finally {
    running.delete(root);
  }
};

/** Removes the attempt's folder, and those of the job's other attempts in which nobody works any more. */
export const discardJob = async (workDir: string, folder: JobFolder): Promise<void> => {
  for (const root of [folder.root, ...(await leftFolders(workDir, folder))]) await remove(root);
};

/**
 * Removes the folders in which nothing has changed for `olderThanMs`, but none in which this process is working and
 * none of another one that is alive on this host; returns their names.
 */
export const sweepJobFolders = async (workDir: string, olderThanMs: number): Promise<string[]> => {
  await mkdir(workDir, { recursive: true });
  const swept: string[] = [];
  for (const name of await readdir(workDir)) {
    const root = join(workDir, name);
    if (!namePattern.test(name) || running.has(root)) continue;
    const owner = await ownerOf(root);
    if (owner?.host === thisOwner.host && !isThisProcess(owner) && !isDead(owner)) continue;
    const { mtimeMs } = await stat(root).catch(ifMissing({ mtimeMs: Number.POSITIVE_INFINITY }));
    const changedAt = Math.max(mtimeMs, ...(await filesIn(root)).map((file) => file.changedAt));
    if (Date.now() - changedAt < olderThanMs) continue;
    await remove(root);
    swept.push(name);
  }
  return swept;
};
