import { mkdirSync } from 'node:fs';
import { findSystemTools, toolsMissing } from './ensure-tools.ts';
import { alone, renewYtDlp, type UpdateOptions, type YtDlpUpdate } from './yt-dlp-update.ts';

/**
 * Puts the newest yt-dlp in use where it passes the canaries, also one that somebody has gone back from.
 * @throws {ToolsMissing} without Python; {StepFailed} where PyPI cannot be reached; {CanariesInvalid}.
 */
export const updateYtDlp = async (
  options: Pick<UpdateOptions, 'folder' | 'say' | 'canaryFile' | 'signal'>,
): Promise<YtDlpUpdate> => {
  const { python } = await findSystemTools(['python']);
  if (python === undefined) throw toolsMissing(['python']);
  mkdirSync(options.folder, { recursive: true });
  return await alone(options, () => renewYtDlp({ ...options, python }));
};
