import { connect } from 'node:net';

/** Sends `request` to a loopback port and resolves with the first bytes of the answer; rejects within `timeoutMs`. */
export const askPort = (port: number, request: string, timeoutMs = 1000): Promise<Buffer> =>
  new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1' });
    const end = (act: () => void) => {
      socket.destroy();
      act();
    };
    socket.setTimeout(timeoutMs, () => end(() => reject(new Error(`port ${port} did not answer`))));
    socket.once('error', (error) => end(() => reject(error)));
    socket.once('close', () => reject(new Error(`port ${port} closed the connection`)));
    socket.once('connect', () => socket.write(request, 'latin1'));
    socket.once('data', (data) => end(() => resolve(data)));
  });

/** Whether something accepts connections on a loopback port. */
export const isListening = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
