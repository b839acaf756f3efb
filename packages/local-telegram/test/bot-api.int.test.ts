import { Api } from 'telegram/tl/index.js';
import { describe, expect, it } from 'vitest';
import { botApiOf, clientOf, refusal, refused } from './bot-api-fixture.ts';
import { eventually, localTelegram } from './fixture.ts';

const telegram = localTelegram();
const startBot = botApiOf(telegram);

const yes = { text: 'Yes', callback_data: 'y' };
const notModified =
  'Bad Request: message is not modified: specified new message content and reply markup are exactly the same as a current content and reply markup of the message';

describe('a bot', () => {
  it('is told who it is', async () => {
    const { api, bot } = await startBot();
    const me = { id: bot.id, is_bot: true, first_name: 'Quiz_bot', username: 'quiz_bot' };
    expect(await api.getMe()).toMatchObject(me);
  });

  it('is refused with 401 where its token is not known', async () => {
    const { botApi, bot, alice } = await startBot();
    for (const token of ['1:x', `${bot.id}:other`, 'nonsense', alice.botToken, '%E0%A4%A'])
      expect(await refused(clientOf(botApi, token).getMe())).toEqual([401, 'Unauthorized']);
  });

  it('may have a token of the shape that real ones have', async () => {
    const { world, botApi } = await startBot();
    const botToken = '123456789:AAbbccddeeffgghhiijjkkllmmnnooppqqr';
    world.addUser('other_bot', { bot: true, id: 123_456_789, botToken });
    expect(await clientOf(botApi, botToken).getMe()).toMatchObject({ username: 'other_bot' });
  });
});

describe('what a bot posts, edits and deletes', () => {
  it('is seen by MTProto clients, keyboard and all', async () => {
    const { api, alice, bot } = await startBot();
    const listener = await telegram.listen('alice');
    // From then on the client knows the bot, and is told of plain texts in the short form.
    await api.sendMessage(alice.id, 'hi');
    await listener.next(Api.UpdateNewMessage);
    const sent = await api.sendMessage(alice.id, 'hello', { reply_markup: { inline_keyboard: [[yes]] } });
    expect(sent).toMatchObject({
      message_id: 2,
      from: { id: bot.id, is_bot: true },
      chat: { id: alice.id, type: 'private', first_name: 'Alice' },
      text: 'hello',
      reply_markup: { inline_keyboard: [[yes]] },
    });
    await eventually(() => expect(listener.texts()).toEqual(['hi', 'hello']));
    expect(listener.updates.at(-1)).toMatchObject({
      message: {
        message: 'hello',
        replyMarkup: { rows: [{ buttons: [{ text: 'Yes', data: Buffer.from('y') }] }] },
      },
    });

    await api.editMessageText(alice.id, sent.message_id, 'good-bye', {
      reply_markup: { inline_keyboard: [[{ text: 'Web', url: 'https://a.example/' }]] },
    });
    const { message: edited } = await listener.next(Api.UpdateEditMessage);
    expect(edited).toMatchObject({
      message: 'good-bye',
      replyMarkup: { rows: [{ buttons: [{ url: 'https://a.example/' }] }] },
    });

    await api.deleteMessage(alice.id, sent.message_id);
    const { messages } = await listener.next(Api.UpdateDeleteMessages);
    expect(messages).toEqual([edited.id]);
  });
});

describe('sendMessage', () => {
  it('reads HTML, and finds links by itself', async () => {
    const { api, alice } = await startBot();
    const html = ' <b>1 &lt; 2</b>, see https://a.example/x and <a href="tg://user?id=1">x</a>\n';
    expect(await api.sendMessage(alice.id, html, { parse_mode: 'HTML' })).toMatchObject({
      text: '1 < 2, see https://a.example/x and x',
      entities: [
        { type: 'bold', offset: 0, length: 5 },
        { type: 'url', offset: 11, length: 19 },
        { type: 'text_mention', offset: 35, length: 1 },
      ],
    });
  });

  it('takes entities as they are', async () => {
    const { api, alice, bob } = await startBot();
    const mention = { type: 'text_mention' as const, offset: 5, length: 3, user: { id: bob.id } as never };
    const sent = await api.sendMessage(alice.id, 'code bob', {
      entities: [{ type: 'code', offset: 0, length: 4 }, mention],
    });
    expect(sent.entities).toEqual([
      { type: 'code', offset: 0, length: 4 },
      { ...mention, user: { id: bob.id, is_bot: false, first_name: 'Bob', username: 'bob' } },
    ]);
  });

  it('takes 4096 units after parsing and no more', async () => {
    const { api, alice, texts } = await startBot();
    const longest = '🎬'.repeat(2048);
    await api.sendMessage(alice.id, `<b>${longest}</b>`, { parse_mode: 'HTML' });
    const tooLong = [400, 'Bad Request: message is too long'];
    expect(await refused(api.sendMessage(alice.id, `${longest}x`))).toEqual(tooLong);
    expect(texts()).toEqual([longest]);
  });

  it.each([
    ['', {}, 'message text is empty'],
    [' \n', {}, 'message text is empty'],
    ['<b> </b>', { parse_mode: 'HTML' }, 'message text is empty'],
    ['<p>x', { parse_mode: 'HTML' }, 'can\'t parse entities: Unsupported start tag "p" at byte offset 0'],
    ['x', { parse_mode: 'Wiki' }, 'unsupported parse_mode'],
    ['x', { reply_markup: '{' }, "can't parse reply keyboard markup JSON object"],
    ['x', { reply_markup: [] }, 'object expected as reply markup'],
    [
      'x',
      { reply_markup: { inline_keyboard: [[{ text: 'x' }]] } },
      'text buttons are unallowed in the inline keyboard',
    ],
    [
      'x',
      { reply_markup: { inline_keyboard: [[{ text: 'x', callback_data: 'x'.repeat(65) }]] } },
      'BUTTON_DATA_INVALID',
    ],
    ['x', { message_thread_id: 5 }, 'message thread not found'],
    ['x', { reply_to_message_id: 5 }, 'message to be replied not found'],
  ])('refuses %j with %j', async (text, other, reason) => {
    const { api, alice, texts } = await startBot();
    const call = api.raw.sendMessage({ chat_id: alice.id, text, ...other } as never);
    expect(await refused(call)).toEqual([400, `Bad Request: ${reason}`]);
    expect(texts()).toEqual([]);
  });

  it('replies by its own ids, which are not those of the user', async () => {
    const { api, alice, bob, bot, chat } = await startBot();
    alice.in(bob).says('to give alice another numbering');
    const asked = alice.in(bot).says('question');
    const answer = await api.sendMessage(alice.id, 'answer', {
      reply_parameters: { message_id: asked.idFor(bot) },
    });
    expect(answer.reply_to_message).toMatchObject({ message_id: 1, text: 'question' });
    expect(asked.idFor(alice)).toBe(2);
    expect(chat.messages()[1]!.replyTo).toBe(asked);
  });

  it('sends without a reply to what is gone only where that is allowed', async () => {
    const { api, alice, bot, texts } = await startBot();
    const asked = alice.in(bot).says('question');
    const [chat_id, message_id] = [alice.id, asked.idFor(bot)];
    alice.deletes(asked);
    const notFound = [400, 'Bad Request: message to be replied not found'];
    expect(await refused(api.sendMessage(chat_id, 'a', { reply_parameters: { message_id } }))).toEqual(
      notFound,
    );
    const allowed = { message_id, allow_sending_without_reply: true };
    const sent = await api.sendMessage(chat_id, 'b', { reply_parameters: allowed });
    const legacy = { chat_id, text: 'c', reply_to_message_id: message_id, allow_sending_without_reply: true };
    const alsoSent = await api.raw.sendMessage(legacy);
    expect([sent, alsoSent].map((message) => message.reply_to_message)).toEqual([undefined, undefined]);
    expect(texts()).toEqual(['b', 'c']);
  });

  it('posts into the topic, and a reply into that of what it replies to', async () => {
    const { api, world, alice, bot } = await startBot();
    const forum = world.addSupergroup('Forum', { members: [alice, bot], topics: ['News'] });
    const { id } = forum.topic('News');
    const sent = await api.sendMessage(forum.id, 'news', { message_thread_id: id });
    expect(sent).toMatchObject({
      message_thread_id: id,
      is_topic_message: true,
      chat: { id: forum.id, type: 'supergroup', is_forum: true },
    });
    const reply_parameters = { message_id: sent.message_id };
    expect(await api.sendMessage(forum.id, 'more', { reply_parameters })).toMatchObject({
      message_thread_id: id,
    });
    const general = await api.sendMessage(forum.id, 'general');
    expect(general.message_thread_id).toBeUndefined();
    for (const message_thread_id of [1, 12345])
      expect(await refused(api.sendMessage(forum.id, 'x', { message_thread_id }))).toEqual([
        400,
        'Bad Request: message thread not found',
      ]);
  });
});

describe('editMessageText and editMessageReplyMarkup', () => {
  it('edit text and keyboard, and a text without a keyboard takes it away', async () => {
    const { api, alice, chat } = await startBot();
    const reply_markup = { inline_keyboard: [[yes]] };
    const { message_id } = await api.sendMessage(alice.id, 'one');
    expect(await api.editMessageReplyMarkup(alice.id, message_id, { reply_markup })).toMatchObject({
      text: 'one',
      reply_markup,
    });
    expect(chat.messages()[0]!.keyboard).toEqual([[{ text: 'Yes', callbackData: 'y' }]]);
    const edited = await api.editMessageText(alice.id, message_id, '<i>two</i>', { parse_mode: 'HTML' });
    expect(edited).toMatchObject({ text: 'two', entities: [{ type: 'italic', offset: 0, length: 3 }] });
    expect(edited).toHaveProperty('edit_date');
    expect(chat.messages()[0]!.keyboard).toBeUndefined();
  });

  it('refuse what changes nothing', async () => {
    const { api, alice } = await startBot();
    const reply_markup = { inline_keyboard: [[yes]] };
    const { message_id } = await api.sendMessage(alice.id, '<b>one</b>', {
      parse_mode: 'HTML',
      reply_markup,
    });
    const same = { parse_mode: 'HTML' as const, reply_markup };
    for (const call of [
      api.editMessageText(alice.id, message_id, '<b>one</b>', same),
      api.editMessageReplyMarkup(alice.id, message_id, { reply_markup }),
    ])
      expect(await refused(call)).toEqual([400, notModified]);
    await api.editMessageText(alice.id, message_id, 'one', { reply_markup });
  });

  it('refuse what is not there, is not the bot’s, or has no text', async () => {
    const { api, alice, bot } = await startBot();
    const others = alice.in(bot).says('hers').idFor(bot);
    const photo = bot.in(alice).sends({ kind: 'photo', bytes: Buffer.alloc(10) });
    const edit = (id: number, text: string) => refused(api.editMessageText(alice.id, id, text));
    expect(await edit(12345, 'x')).toEqual([400, 'Bad Request: message to edit not found']);
    expect(await edit(others, 'x')).toEqual([400, "Bad Request: message can't be edited"]);
    expect(await edit(others, '')).toEqual([400, 'Bad Request: message text is empty']);
    expect(await edit(others, 'x'.repeat(4097))).toEqual([400, 'Bad Request: message is too long']);
    expect(await edit(photo.idFor(bot), 'x')).toEqual([
      400,
      'Bad Request: there is no text in the message to edit',
    ]);
    expect(await refused(api.editMessageReplyMarkup(alice.id, 0))).toEqual([
      400,
      'Bad Request: message identifier is not specified',
    ]);
  });
});

describe('deleteMessage and deleteMessages', () => {
  it('delete in a private chat what either wrote, and pass over what is gone', async () => {
    const { api, alice, bot, texts } = await startBot({ limits: 'off' });
    const ids: number[] = [];
    for (const text of ['a', 'b', 'c']) ids.push((await api.sendMessage(alice.id, text)).message_id);
    const others = alice.in(bot).says('hers').idFor(bot);
    expect(await api.deleteMessage(alice.id, ids[0]!)).toBe(true);
    expect(texts()).toEqual(['b', 'c', 'hers']);
    expect(await refused(api.deleteMessage(alice.id, ids[0]!))).toEqual([
      400,
      'Bad Request: message to delete not found',
    ]);
    expect(await api.deleteMessages(alice.id, [ids[0]!, ids[1]!, others, 12345])).toBe(true);
    expect(texts()).toEqual(['c']);
  });

  it('refuse what somebody else wrote in a group, and more than a hundred at once', async () => {
    const { api, world, alice, bot } = await startBot();
    const group = world.addGroup('Group', { members: [alice, bot] });
    const id = alice.in(group).says('hers').idFor(bot);
    const cannot = [400, "Bad Request: message can't be deleted"];
    expect(await refused(api.deleteMessage(group.id, id))).toEqual(cannot);
    expect(await refused(api.deleteMessages(group.id, [id]))).toEqual(cannot);
    const many = Array.from({ length: 101 }, (_, index) => index + 1);
    expect(await refused(api.deleteMessages(group.id, many))).toEqual([
      400,
      'Bad Request: too many message identifiers specified',
    ]);
    expect(await refused(api.deleteMessages(group.id, []))).toEqual([
      400,
      'Bad Request: message identifiers are not specified',
    ]);
    expect(group.messages()).toHaveLength(1);
  });
});

describe('a message id', () => {
  it('is good for its own chat only, and never that of a service message', async () => {
    const { api, world, alice, bob, bot } = await startBot();
    bob.starts(bot);
    const group = world.addSupergroup('Group', { members: [alice, bot] });
    const { message_id } = await api.sendMessage(bob.id, 'to bob');
    for (const [chat, id] of [
      [alice.id, message_id],
      [group.id, 1],
    ] as const) {
      const [edit, remove, reply] = [
        api.editMessageText(chat, id, 'x'),
        api.deleteMessage(chat, id),
        api.sendMessage(chat, 'x', { reply_parameters: { message_id: id } }),
      ];
      expect(await refused(edit)).toEqual([400, 'Bad Request: message to edit not found']);
      expect(await refused(remove)).toEqual([400, 'Bad Request: message to delete not found']);
      expect(await refused(reply)).toEqual([400, 'Bad Request: message to be replied not found']);
    }
    expect(group.box.messages.has(1)).toBe(true);
  });
});

describe('chats', () => {
  it('are described as the bot knows them', async () => {
    const { api, world, alice, bot } = await startBot();
    const group = world.addGroup('Group', { members: [alice, bot] });
    const members = [alice, bot];
    const club = world.addSupergroup('Club', { members, username: 'the_club', topics: [], slowModeS: 9 });
    expect(await api.getChat(alice.id)).toMatchObject({ id: alice.id, type: 'private', username: 'alice' });
    expect(await api.getChat(group.id)).toMatchObject({ id: group.id, type: 'group', title: 'Group' });
    for (const id of [club.id, '@the_club', '@THE_CLUB', String(club.id)])
      expect(await api.getChat(id)).toMatchObject({
        id: club.id,
        type: 'supergroup',
        title: 'Club',
        username: 'the_club',
        is_forum: true,
        slow_mode_delay: 9,
      });
    const client = await telegram.connect('carol');
    expect(await client.invoke(new Api.contacts.ResolveUsername({ username: 'the_club' }))).toMatchObject({
      chats: [{ title: 'Club', username: 'the_club' }],
    });
  });

  it('show no sign of an action, which is checked all the same', async () => {
    const { api, alice } = await startBot();
    expect(await api.sendChatAction(alice.id, 'typing')).toBe(true);
    expect(await refused(api.sendChatAction(alice.id, 'dancing' as never))).toEqual([
      400,
      'Bad Request: wrong parameter action in request',
    ]);
  });

  it('are closed to a bot for the reasons that Telegram names', async () => {
    const { api, world, alice, bob, bot } = await startBot();
    const carol = world.user('carol');
    const kickedFrom = world.addSupergroup('Kicked', { members: [bob, bot] });
    kickedFrom.dismiss(bot);
    const kickedFromGroup = world.addGroup('Kicked too', { members: [bob, bot] });
    kickedFromGroup.dismiss(bot);
    world.addGroup('Shared', { members: [bob, bot] });
    const muted = world.addSupergroup('Muted', { members: [bob, bot] });
    muted.allowWriting(bot, false);
    const otherBot = world.addUser('other_bot', { bot: true });
    const unknown = world.addSupergroup('Unknown', { members: [bob] });
    world.addSupergroup('Public', { members: [bob], username: 'the_public' });
    alice.blocks(bot);

    const notFound = [400, 'Bad Request: chat not found'];
    const reasons: [chat: number | string, refusal: (number | string)[]][] = [
      ['', [400, 'Bad Request: chat_id is empty']],
      [1, notFound],
      [-1, notFound],
      ['nonsense', notFound],
      ['@nobody', notFound],
      ['@alice', notFound],
      [carol.id, notFound],
      [unknown.id, notFound],
      [alice.id, [403, 'Forbidden: bot was blocked by the user']],
      [bob.id, [403, "Forbidden: bot can't initiate conversation with a user"]],
      [otherBot.id, [403, "Forbidden: bot can't send messages to bots"]],
      [kickedFrom.id, [403, 'Forbidden: bot was kicked from the supergroup chat']],
      [kickedFromGroup.id, [403, 'Forbidden: bot was kicked from the group chat']],
      ['@the_public', [403, 'Forbidden: bot is not a member of the supergroup chat']],
      [muted.id, [400, 'Bad Request: not enough rights to send text messages to the chat']],
    ];
    for (const [chat, expected] of reasons)
      expect(await refused(api.sendMessage(chat, 'x')), String(chat)).toEqual(expected);
  });

  it('open again for a bot that is let in, started anew or written to', async () => {
    const { api, world, alice, bob, bot } = await startBot();
    const club = world.addSupergroup('Club', { members: [bob, bot] });
    club.dismiss(bot);
    club.admit(bot);
    await api.sendMessage(club.id, 'x');
    alice.blocks(bot);
    alice.starts('quiz_bot');
    await api.sendMessage(alice.id, 'x');
    bob.in(bot).says('hi');
    await api.sendMessage(bob.id, 'x');
    expect(() => alice.blocks(bob)).toThrow('bob is no bot');
  });

  it('are closed to a bot that speaks MTProto, too', async () => {
    const { world, alice, bob, bot } = await startBot();
    const group = world.addGroup('Group', { members: [bob, bot] });
    alice.in(bot).says('hi');
    const client = await telegram.connect(bot);
    await client.sendMessage(alice.id, { message: 'hi' });
    alice.blocks(bot);
    await expect(client.sendMessage(alice.id, { message: 'x' })).rejects.toThrow('USER_IS_BLOCKED');
    await client.sendMessage(group.id, { message: 'hi' });
    world.upgradeGroup(group);
    await expect(client.sendMessage(group.id, { message: 'x' })).rejects.toThrow('CHAT_ID_INVALID');
  });

  it('say where they moved when a group has become a supergroup', async () => {
    const { api, world, alice, bot } = await startBot();
    const group = world.addGroup('Group', { members: [alice, bot] });
    const supergroup = world.upgradeGroup(group);
    expect(await refusal(api.sendMessage(group.id, 'x'))).toMatchObject({
      error_code: 400,
      description: 'Bad Request: group chat was upgraded to a supergroup chat',
      parameters: { migrate_to_chat_id: supergroup.id },
    });
    await api.sendMessage(supergroup.id, 'x');
    expect(supergroup.messages()).toHaveLength(1);
  });
});

describe('the HTTP interface', () => {
  const post = (body: NonNullable<RequestInit['body']>, type?: string): RequestInit => ({
    method: 'POST',
    body,
    ...(type ? { headers: { 'content-type': type } } : {}),
  });
  const form = (fields: Record<string, string>): FormData => {
    const data = new FormData();
    for (const [name, value] of Object.entries(fields)) data.append(name, value);
    return data;
  };

  it('takes parameters from the query, a form, multipart and JSON', async () => {
    const { botApi, bot, alice, chat } = await startBot({ limits: 'off' });
    const url = `${botApi.url}/bot${bot.botToken}/SENDmessage`;
    const fields = {
      chat_id: String(alice.id),
      text: 'a & b ü',
      reply_markup: JSON.stringify({ inline_keyboard: [[yes]] }),
    };
    const json = { ...fields, chat_id: alice.id, reply_markup: { inline_keyboard: [[yes]] } };
    const ways: [string, RequestInit?][] = [
      [`${url}?${new URLSearchParams(fields)}`],
      [url, post(new URLSearchParams(fields))],
      [url, post(form(fields))],
      [url, post(JSON.stringify(json), 'application/json')],
      [
        `${url}?chat_id=${alice.id}`,
        post(JSON.stringify({ ...json, chat_id: undefined }), 'application/json'),
      ],
    ];
    for (const [at, init] of ways) {
      const response = await fetch(at, init);
      expect(response.headers.get('content-type')).toBe('application/json');
      expect(await response.json()).toMatchObject({
        ok: true,
        result: { text: 'a & b ü', reply_markup: { inline_keyboard: [[yes]] } },
      });
    }
    expect(chat.messages()).toHaveLength(ways.length);
    expect(botApi.calls).toHaveLength(ways.length);
    expect(botApi.calls[0]).toMatchObject({
      method: 'sendMessage',
      bot: 'quiz_bot',
      chatId: fields.chat_id,
      status: 200,
    });
  });

  it('refuses what it cannot read, and what it does not know', async () => {
    const { botApi, bot, alice } = await startBot();
    const root = `${botApi.url}/bot${bot.botToken}`;
    const huge = JSON.stringify({ chat_id: alice.id, text: 'x'.repeat(2 ** 20) });
    const broken = '--x\r\ncontent-disposition: nonsense';
    const wrong: [string, number, string, RequestInit?][] = [
      [`${root}/getUpdates`, 404, 'Not Found: method not found'],
      [root, 404, 'Not Found'],
      [`${botApi.url}/`, 404, 'Not Found'],
      [`${root}/sendMessage`, 400, "Bad Request: can't parse JSON object", post('{', 'application/json')],
      [`${root}/sendMessage`, 400, 'Bad Request: object expected', post('[]', 'application/json')],
      [
        `${root}/sendMessage`,
        400,
        "Bad Request: can't parse the request body",
        post(broken, 'multipart/form-data; boundary=x'),
      ],
      [`${root}/sendMessage`, 413, 'Request Entity Too Large', post(huge, 'application/json')],
    ];
    for (const [url, error_code, description, init] of wrong) {
      const response = await fetch(url, init);
      expect(response.status).toBe(error_code);
      expect(await response.json()).toEqual({ ok: false, error_code, description });
    }
  });
});

describe('world.forgetMessages', () => {
  it('lets go of what was written, and goes on counting', async () => {
    const { api, world, alice, bot, texts } = await startBot();
    const { message_id } = await api.sendMessage(alice.id, 'old');
    world.forgetMessages();
    expect(texts()).toEqual([]);
    expect([alice.mailbox, bot.mailbox].flatMap((box) => [...box.messages, ...box.events])).toEqual([]);
    expect((await api.sendMessage(alice.id, 'new')).message_id).toBe(message_id + 1);
    expect(await refused(api.editMessageText(alice.id, message_id, 'x'))).toEqual([
      400,
      'Bad Request: message to edit not found',
    ]);
  });
});
