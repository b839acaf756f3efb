import { loadConfig } from '@heavy/service';
import { Type } from 'typebox';
import { describe, expect, it } from 'vitest';
import { type Chat, createChat, type Item, type StreamName } from './chat.ts';
import { createLanes } from './lanes.ts';
import { botsSettings } from './settings.ts';

const settings = loadConfig(Type.Object(botsSettings), {});
const chat = (id: number): Chat => createChat(id, settings, () => 0);
const item = (id: string, stream: StreamName = 'regular'): Item => ({
  ...{ stream, id, kind: 'send', sent: [], interrupted: false },
});
/** Serves everything that is ready at a moment; a chat is not sent to twice at the same time. */
const serve = (lanes: ReturnType<typeof createLanes>, now: number): string[] => {
  const order: string[] = [];
  for (let next = lanes.next(now); next; next = lanes.next(now)) {
    for (const pace of next.chat.sends) pace.take({ sentAt: now, answeredAt: now });
    order.push(`${next.chat.key} ${next.item.id}`);
    lanes.done(next.chat, next.item, true, now);
  }
  return order;
};

describe('createLanes', () => {
  it('serves both streams by turns, whichever is longer', () => {
    const lanes = createLanes();
    for (let id = 1; id <= 6; id += 1) lanes.add(chat(id), item(`${id}-0`, 'broadcast'), 0);
    for (let id = 11; id <= 13; id += 1) lanes.add(chat(id), item(`${id}-0`), 0);
    expect(serve(lanes, 0).map((one) => one.split(' ')[0])).toEqual([
      '11',
      '1',
      '12',
      '2',
      '13',
      '3',
      '4',
      '5',
      '6',
    ]);
  });

  it('lets regular messages go first for the turns that the broadcast had without them, up to a bound', () => {
    const lanes = createLanes();
    for (let id = 1; id <= 4; id += 1) lanes.add(chat(id), item(`${id}-0`, 'broadcast'), 0);
    serve(lanes, 0);
    for (let id = 5; id <= 7; id += 1) lanes.add(chat(id), item(`${id}-0`, 'broadcast'), 0);
    for (let id = 11; id <= 18; id += 1) lanes.add(chat(id), item(`${id}-0`), 0);
    const order = serve(lanes, 0).map((one) => one.split(' ')[0]);
    expect(order).toEqual(['11', '12', '13', '14', '15', '5', '16', '6', '17', '7', '18']);

    for (let id = 101; id <= 200; id += 1) lanes.add(chat(id), item(`${id}-0`, 'broadcast'), 0);
    serve(lanes, 0);
    lanes.add(chat(201), item('201-0', 'broadcast'), 0);
    for (let id = 301; id <= 400; id += 1) lanes.add(chat(id), item(`${id}-0`), 0);
    expect(serve(lanes, 0).indexOf('201 201-0')).toBe(30);
  });

  it('keeps scarce calls for regular messages while there are some now and then, and no turn of the broadcast', () => {
    const lanes = createLanes();
    const add = (id: number, stream: StreamName) => lanes.add(chat(id), item(`${id}-0`, stream), 0);
    const next = (now: number, isScarce: boolean): string | undefined => lanes.next(now, isScarce)?.item.id;
    for (let id = 1; id <= 5; id += 1) add(id, 'broadcast');
    // Nobody else wants them.
    expect(next(0, true)).toBe('1-0');
    add(11, 'regular');
    expect(next(0, true)).toBe('11-0');
    expect(next(0, true)).toBeUndefined();
    expect(next(0, false)).toBe('2-0');
    expect(next(6000, true)).toBe('3-0');
    for (let id = 12; id <= 15; id += 1) add(id, 'regular');
    expect([0, 1, 2].map(() => next(6000, true))).toEqual(['12-0', '13-0', '14-0']);
    // By now it is the broadcast's turn.
    expect([0, 1].map(() => next(6000, true))).toEqual(['4-0', '15-0']);
  });

  it('keeps the order of a chat, and lets others pass while it waits', () => {
    const lanes = createLanes();
    const [slow, other] = [chat(1), chat(2)];
    for (const id of ['1-0', '2-0', '10-0']) lanes.add(slow, item(id), 0);
    lanes.add(other, item('11-0'), 0);
    expect(serve(lanes, 0)).toEqual(['1 1-0', '2 11-0']);
    expect(lanes.nextAt()).toBe(1003);
    expect(serve(lanes, 1003)).toEqual(['1 2-0']);
    expect(serve(lanes, 2006)).toEqual(['1 10-0']);
    expect(lanes.nextAt()).toBe(Number.POSITIVE_INFINITY);
  });

  it('puts an entry that comes late where it belongs, but never before what is under way', () => {
    const lanes = createLanes();
    const one = chat(1);
    for (const id of ['5-0', '9-0']) lanes.add(one, item(id), 0);
    const under = lanes.next(0);
    lanes.add(one, item('7-2'), 0);
    lanes.add(one, item('7-10'), 0);
    lanes.add(one, item('3-0'), 0);
    expect(one.lanes.regular.items.map(({ id }) => id)).toEqual(['5-0', '3-0', '7-2', '7-10', '9-0']);
    expect(lanes.next(0)).toBeUndefined();
    if (under) lanes.done(under.chat, under.item, true, 0);
    expect(lanes.next(0)?.item.id).toBe('3-0');
  });

  it('lets nothing in between the parts of a message', () => {
    const lanes = createLanes();
    const one = chat(1);
    const long = item('1-0');
    lanes.add(one, long, 0);
    const first = lanes.next(0);
    lanes.add(one, item('2-0', 'broadcast'), 0);
    one.partial = long;
    if (first) lanes.done(one, long, false, 0);
    expect(lanes.next(0)?.item).toBe(long);
    lanes.done(one, long, true, 0);
    expect(lanes.next(0)?.item.id).toBe('2-0');
  });

  it('knows how many chats can be served by a moment', () => {
    const lanes = createLanes();
    const [now, soon, late] = [chat(1), chat(2), chat(3)];
    soon.waitUntil = 500;
    late.waitUntil = 5000;
    for (const [index, one] of [now, soon, late].entries()) lanes.add(one, item(`${index}-0`), 0);
    expect([lanes.servableBy('regular', 1000), lanes.servableBy('broadcast', 1000)]).toEqual([2, 0]);
  });
});
