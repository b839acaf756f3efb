import { queues } from '@heavy/contracts';
import { createDownloader, storeFromSettings } from '@heavy/media';
import { runService } from '@heavy/service';
import { downloaderOptions, mediaPirateConfig } from './config.ts';
import { commandTyped, commandWords } from './handlers/command-typed.ts';
import { downloadRequested } from './handlers/download-requested.ts';

await runService(
  'media-pirate',
  mediaPirateConfig,
  async ({ config, log, broker, check, registerCommands }) => {
    const store = storeFromSettings(config);
    check('store', () => store.check().then(() => ({ ok: true })));
    const downloader = createDownloader(downloaderOptions(config, log));
    await downloader.sweep(config.LEFTOVERS_KEPT_MS);

    const downloads = downloadRequested({ downloader, store, log, config });
    await broker.consume(queues.mediaPirate, [commandTyped(log), ...downloads]);
    // Last: from now on the gateway publishes these commands, and there must be a queue for them.
    await registerCommands(commandWords);
  },
);
