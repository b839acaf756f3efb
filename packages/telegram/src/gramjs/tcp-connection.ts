import { crc32 } from 'node:zlib';
import { ConnectionTCPFull, FullPacketCodec } from 'telegram/network/connection/TCPFull.js';
import { release } from './release.ts';

/** Frames packets as https://core.telegram.org/mtproto/mtproto-transports#full says; what is framed is used up. */
class PacketCodec extends FullPacketCodec {
  #sent = 0;

  override encodePacket(data: Buffer): Buffer {
    const packet = Buffer.allocUnsafeSlow(data.length + 12);
    packet.writeInt32LE(packet.length, 0);
    packet.writeInt32LE(this.#sent, 4);
    data.copy(packet, 8);
    release(data);
    packet.writeUInt32LE(crc32(packet.subarray(0, -4)), packet.length - 4);
    this.#sent += 1;
    return packet;
  }
}

/** The library's connection with a codec that copies once. */
export class TcpConnection extends ConnectionTCPFull {
  override PacketCodecClass = PacketCodec;
}
