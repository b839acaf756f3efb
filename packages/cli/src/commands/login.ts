import { resolve } from 'node:path';
import { rootDir } from '@heavy/stack';
import {
  type CodeSentBy,
  type LoggedIn,
  LogInFailed,
  type LogInMethod,
  type LogInPrompts,
  logIn,
  sealSession,
  sessionKeyId,
} from '@heavy/telegram';
import { type Command, Failed, parseOptions, type Terminal, UsageFault } from '../command.ts';
import { type AccountSettings, accountSettings } from '../config.ts';
import { qrCode } from '../qr-code.ts';
import { prepareSessionFolder, sessionFilesOf, writeSessionFiles } from '../session-files.ts';
import { keyFrom } from '../session-key.ts';
import { silent } from '../silent.ts';
import { visible } from '../table.ts';
import { telegramApi } from '../telegram-api.ts';

const sentBy: Readonly<Record<CodeSentBy, string>> = {
  app: 'as a message in Telegram',
  sms: 'by SMS',
  call: 'by a phone call',
  email: 'by e-mail',
  fragment: 'to fragment.com',
};

const noTerminal =
  'A log-in asks questions, and this is no terminal to ask them in: run npm run login in one.';

type Read = NonNullable<Terminal['read']>;

const prompts = (read: Read, err: Terminal['err']): LogInPrompts => ({
  phone: () => read('Phone number, with its country, like +49 151 23456789: '),
  code: (by) => read(`Code that Telegram has sent ${sentBy[by]} (nothing: send it another way): `),
  password: (hint) =>
    read(`Password of the account${hint ? `, hint: ${visible(hint)}` : ''} (not shown): `, { hidden: true }),
  showLink: (url) => {
    for (const line of qrCode(url)) err(line);
    err(
      'Scan it with Telegram on your phone: Settings, Devices, Link Desktop Device. A new one comes twice a minute.',
    );
  },
  tell: err,
});

interface Wanted {
  phone?: string | undefined;
  qr?: boolean | undefined;
  'bot-token'?: string | undefined;
}

const methodOf = async (
  wanted: Wanted,
  { TELEGRAM_BOT_TOKEN }: AccountSettings,
  read: Read,
): Promise<LogInMethod> => {
  if (wanted.qr) return { by: 'qr' };
  if (wanted['bot-token'] !== undefined) {
    const given = wanted['bot-token'] || TELEGRAM_BOT_TOKEN;
    return {
      by: 'bot-token',
      token: given ?? (await read('Bot token (not shown): ', { hidden: true })).trim(),
    };
  }
  return { by: 'code', ...(wanted.phone && { phone: wanted.phone }) };
};

/** Options that may stand without a value are given an empty one. */
const withValues = (args: readonly string[], ...options: readonly string[]): string[] =>
  args.map((arg, index) => {
    const next = args[index + 1];
    return options.includes(arg) && (next === undefined || next.startsWith('-')) ? `${arg}=` : arg;
  });

const whoText = ({ account: { id, username, name, maskedPhone, isBot } }: LoggedIn): string =>
  [
    `Logged in as ${isBot ? 'the bot ' : ''}${username ? `@${username}` : visible(name)}`,
    `id ${id}`,
    ...(maskedPhone ? [maskedPhone] : []),
  ].join(', ');

const plainly = (error: unknown): never => {
  if (error instanceof LogInFailed) throw new Failed(error.message, { cause: error });
  throw error;
};

export const login: Command = {
  summary: 'logs in to Telegram, and keeps two sealed sessions',
  usage: `npm run login -- [options]
  --phone <number>     by a code that Telegram sends; asks for the number where it is left out
  --qr                 by a QR code, to be scanned with Telegram on a phone
  --bot-token          a bot, by its token: TELEGRAM_BOT_TOKEN, or asked for. Given here, other users of this machine see it
  --replace            in place of the sessions that are there
  --dir <folder>       keeps them in <folder>/.heavy/sessions; the repository's by default

Makes one session for the gateway and one for the sender, in files that only this user can read, sealed with
HEAVY_SESSION_KEY (or the content of HEAVY_SESSION_KEY_FILE). That, TELEGRAM_API_ID and TELEGRAM_API_HASH are taken from the
environment or from <folder>/.env.`,

  async run(args, terminal) {
    const { out, err, ask, signal } = terminal;
    const { dir, replace, ...wanted } = parseOptions(withValues(args, '--phone', '--bot-token'), {
      phone: { type: 'string' },
      qr: { type: 'boolean' },
      'bot-token': { type: 'string' },
      replace: { type: 'boolean' },
      dir: { type: 'string' },
    });
    if (Object.values(wanted).filter((one) => one !== undefined && one !== false).length > 1)
      throw new UsageFault('Give one of --phone, --qr and --bot-token.');
    const home = resolve(dir ?? rootDir);
    const settings = accountSettings(home);
    const key = keyFrom(settings, 'HEAVY_SESSION_KEY', home);

    const there = sessionFilesOf(home);
    if (there.length > 0) {
      if (!replace)
        throw new Failed(`${there.join(' and ')}: there already. --replace makes new ones in their place.`);
      if (!ask) throw new Failed(noTerminal);
      if (!(await ask(`Replace ${there.join(' and ')}?`))) {
        err('Nothing was changed.');
        return 1;
      }
    }
    const read = terminal.read ?? (() => Promise.reject(new Failed(noTerminal)));
    if (!terminal.read && wanted['bot-token'] === undefined) throw new Failed(noTerminal);
    const api = await telegramApi(settings, terminal);
    const method = await methodOf(wanted, settings, read);
    prepareSessionFolder(home);

    const loggedIn = await logIn({
      ...{ ...api, method, signal, log: silent },
      prompts: prompts(read, err),
    }).catch(plainly);
    const [gateway, sender] = loggedIn.sessions.map((session) => sealSession(session, key));
    writeSessionFiles(home, { gateway: gateway ?? '', sender: sender ?? '' });
    out(`${whoText(loggedIn)}.`);
    out(
      `Its sessions, one for the gateway and one for the sender, are sealed with the key ${sessionKeyId(key)}:`,
    );
    for (const file of sessionFilesOf(home)) out(`  ${file}`);
    if (there.length > 0)
      err(
        'What runs goes on with the old ones until it is restarted. In Telegram, under Settings, Devices, you can end them then.',
      );
    return 0;
  },
};
