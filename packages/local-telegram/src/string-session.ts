/** What a client is told of the address; its format takes a port of 15 bits only. */
const address = Buffer.from('127.0.0.1');
const port = 80;

/** A session string of GramJS: version, data centre, address, port, authorization key. */
export const stringSession = (dcId: number, authKey: Buffer): string => {
  const head = Buffer.alloc(3);
  head.writeUInt8(dcId);
  head.writeInt16BE(address.length, 1);
  const tail = Buffer.alloc(2);
  tail.writeInt16BE(port);
  return `1${Buffer.concat([head, address, tail, authKey]).toString('base64')}`;
};
