import os from 'node:os';
import { Api } from 'telegram';
import { LAYER } from 'telegram/tl/AllTLObjects.js';

/**
 * The first call of a connection, wrapped in what tells the server who is calling in which layer
 * (https://core.telegram.org/api/invoking#saving-client-info).
 */
export const initial = (apiId: number, query: Api.AnyRequest): Api.InvokeWithLayer =>
  new Api.InvokeWithLayer({
    layer: LAYER,
    query: new Api.InitConnection({
      apiId,
      deviceModel: 'Heavy Telegram Bot',
      systemVersion: `${os.type()} ${os.release()}`,
      appVersion: '1.0',
      systemLangCode: 'en',
      langPack: '',
      langCode: 'en',
      query,
    }),
  });
