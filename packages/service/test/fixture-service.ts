import { telegramSent } from '@heavy/contracts';
import { handle } from '@heavy/messaging';
import { ConfigInvalid, runService, type Service, secret } from '@heavy/service';
import { Type } from 'typebox';

/** A service that does what a test tells it to. */
const config = Type.Object({
  FIXTURE_NAME: Type.String(),
  FIXTURE_SECRET: secret({ description: 'A canary' }),
  FIXTURE_WORDS: Type.Array(Type.String(), { default: [] }),
  FIXTURE_FAILS: Type.Enum(
    ['never', 'configuration', 'wiring configuration', 'wiring', 'throwing', 'rejecting', 'stopping'],
    { default: 'never' },
  ),
  POKE_LINES: Type.Integer({ default: 1 }),
});

const misfit = () => new ConfigInvalid([{ name: 'FIXTURE_SECRET', message: 'does not fit the other' }]);
const examine = ({ FIXTURE_FAILS: fails }: { FIXTURE_FAILS: string }) => {
  if (fails === 'configuration') throw misfit();
};

const wire = async (service: Service<typeof config>) => {
  const { FIXTURE_SECRET: canary, FIXTURE_FAILS: fails, POKE_LINES: pokeLines } = service.config;
  const failure = (): Error =>
    new Error(`fixture failed with ${canary}`, {
      cause: Object.assign(new Error(`at amqp://user:${canary}@host`), { detail: { canary } }),
    });

  service.log.info({ deep: { note: canary, password: 'p' } }, `begins with ${canary}`);
  service.check('fixture', () => ({ ok: true, detail: 'fine' }));
  if (fails === 'wiring') throw failure();
  if (fails === 'wiring configuration') throw misfit();
  service.get('/own/page', () => ({ name: service.name }));
  service.get('/own/failing', () => Promise.reject(failure()));

  const released = service.redis.duplicate();
  service.stopping.addEventListener('abort', () => service.log.info('told that it stops'));
  service.onStop(() => service.log.info('onStop: first registered'));
  service.onStop(() => {
    released.disconnect();
    service.log.info('onStop: last registered');
    if (fails === 'stopping') return new Promise(() => undefined);
  });

  const queue = { name: service.name, bindings: [telegramSent.type] };
  await service.broker.consume(queue, [
    handle(telegramSent, async ({ data }) => {
      service.log.info({ commandId: data.commandId }, 'handling');
      await released.blpop(`release:${service.name}`, 0);
      service.log.info('handled');
    }),
  ]);
  if (service.config.FIXTURE_WORDS.length > 0) await service.registerCommands(service.config.FIXTURE_WORDS);

  process.on('SIGUSR2', () => {
    if (fails === 'throwing') throw failure();
    if (fails === 'rejecting') void Promise.reject(failure());
    for (let n = 1; n <= pokeLines; n += 1) service.log.info({ n }, 'poked');
  });
};

await runService(process.env['FIXTURE_NAME'] ?? '', config, wire, examine);
