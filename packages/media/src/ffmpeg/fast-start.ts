import { open } from 'node:fs/promises';

/**
 * True where an mp4 file can be played while it is still being fetched: its index (`moov`) before its media (`mdat`),
 * and not in fragments (`moof`). Reads the headers of the boxes at the top (ISO/IEC 14496-12, 4.2) and no more.
 */
export const isFastStart = async (path: string): Promise<boolean> => {
  const file = await open(path, 'r');
  try {
    const { size: fileSize } = await file.stat();
    const header = Buffer.alloc(16);
    let hasIndex = false;
    let position = 0;
    let hasMedia = false;
    for (let boxes = 0; position + 8 <= fileSize && boxes < 1000; boxes += 1) {
      const { bytesRead } = await file.read(header, 0, 16, position);
      if (bytesRead < 8) return false;
      const type = header.toString('latin1', 4, 8);
      if (type === 'moof') return false;
      if (type === 'moov') hasIndex = true;
      if (type === 'mdat') {
        if (!hasIndex) return false;
        hasMedia = true;
      }
      const short = header.readUInt32BE(0);
      // 1: the length stands in the next eight bytes. 0: to the end of the file.
      const size =
        short === 1 ? Number(header.readBigUInt64BE(8)) : short === 0 ? fileSize - position : short;
      if (size < 8) return false;
      position += size;
    }
    return hasIndex && hasMedia;
  } finally {
    await file.close();
  }
};
