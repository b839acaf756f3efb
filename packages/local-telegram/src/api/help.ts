import { Api } from '../tl.ts';
import { dcId } from '../view/media.ts';
import { now } from '../world/box.ts';
import type { Call, Methods } from './call.ts';

/** The limits of https://core.telegram.org/api/config that the server also enforces. */
export const maxTextLength = 4096;
export const maxCaptionLength = 1024;

const expiresAfterS = 3600;

const config = ({ dc: { address } }: Call): Api.Config =>
  new Api.Config({
    date: now(),
    expires: now() + expiresAfterS,
    testMode: false,
    thisDc: dcId,
    dcOptions: [new Api.DcOption({ id: dcId, ipAddress: address.host, port: address.port, static: true })],
    dcTxtDomainName: 'localhost',
    chatSizeMax: 200,
    megagroupSizeMax: 200_000,
    forwardedCountMax: 100,
    onlineUpdatePeriodMs: 210_000,
    offlineBlurTimeoutMs: 5_000,
    offlineIdleTimeoutMs: 30_000,
    onlineCloudTimeoutMs: 300_000,
    notifyCloudDelayMs: 30_000,
    notifyDefaultDelayMs: 1_500,
    pushChatPeriodMs: 60_000,
    pushChatLimit: 2,
    editTimeLimit: 172_800,
    revokeTimeLimit: 2_147_483_647,
    revokePmTimeLimit: 2_147_483_647,
    ratingEDecay: 2_419_200,
    stickersRecentLimit: 200,
    channelsReadMediaPeriod: 604_800,
    callReceiveTimeoutMs: 20_000,
    callRingTimeoutMs: 90_000,
    callConnectTimeoutMs: 30_000,
    callPacketTimeoutMs: 10_000,
    meUrlPrefix: 'https://t.me/',
    captionLengthMax: maxCaptionLength,
    messageLengthMax: maxTextLength,
    webfileDcId: dcId,
  });

export const help: Methods = {
  'help.GetConfig': (_, call) => config(call),
  'help.GetAppConfig': (_, { dc: { limits } }) =>
    new Api.help.AppConfig({
      hash: 0,
      config: new Api.JsonObject({
        value: Object.entries(limits.uploadParts).map(
          ([whose, value]) =>
            new Api.JsonObjectValue({
              key: `upload_max_fileparts_${whose}`,
              value: new Api.JsonNumber({ value }),
            }),
        ),
      }),
    }),
  'help.GetNearestDc': () => new Api.NearestDc({ country: 'XX', thisDc: dcId, nearestDc: dcId }),
};
