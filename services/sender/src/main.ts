import { runService } from '@heavy/service';
import { endpointFromSettings, sessionFromSettings } from '@heavy/telegram';
import { hasAccount, senderConfig } from './config.ts';
import { serveAccount } from './serve-account.ts';
import { serveBots } from './serve-bots.ts';

await runService(
  'sender',
  senderConfig,
  async (service) => {
    const { config } = service;
    if (config.BOTS) await serveBots(service);
    if (hasAccount(config)) await serveAccount(config, service);
  },
  (config) => hasAccount(config) && [sessionFromSettings(config), endpointFromSettings(config)],
);
