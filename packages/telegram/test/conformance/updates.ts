import type { WorldChat } from '@heavy/local-telegram';
import { describe, expect, it, vi } from 'vitest';
import { followerOn, patience } from './following.ts';
import type { Stage } from './stage.ts';

/** Updates are followed without gaps: https://core.telegram.org/api/updates. */
export const updatesConformance = (stage: Stage): void => {
  const follower = () => followerOn(stage);

  const alice = (where: WorldChat | string) => stage.dc.world.user('alice').in(where);
  const places = () => [stage.club, stage.cinema, 'heavy'];
  const sayEverywhere = (text: string, times = 1): string[] =>
    places().flatMap((place, index) =>
      Array.from({ length: times }, (_, turn) => alice(place).says(`${text} ${index} ${turn}`).text),
    );

  describe('the updates of an account', () => {
    it('begin when it is followed for the first time', async () => {
      const scene = follower();
      sayEverywhere('before');
      await scene.start();
      await scene.hears([]);
      const said = sayEverywhere('after');
      await scene.hears(said);
    });

    it('that came while no process was there are told by the next, once', async () => {
      const scene = follower();
      await scene.start();
      await scene.stop();
      const said = sayEverywhere('away', 3);
      await scene.start();
      await scene.hears(said);
      await scene.stop();
      await scene.start();
      await scene.hears(said);
    });

    it('that came while there was no connection are told when there is one', async () => {
      const scene = follower();
      await scene.start();
      stage.dc.faults.add({ method: 'messages.SendMessage', losePush: true, times: 3 });
      const said = sayEverywhere('lost');
      stage.dc.dropConnections();
      await scene.hears(said);
    });

    it('whose push was lost are fetched once the next one shows the gap', async () => {
      const scene = follower();
      await scene.start();
      stage.dc.faults.add({ method: 'messages.SendMessage', losePush: true, times: 3 });
      const lost = sayEverywhere('lost');
      const found = sayEverywhere('found');
      await scene.hears([...lost, ...found]);
      expect(scene.status).toMatchObject({ gaps: 2 });
    });

    it('come in slices, all of them, in the order of each chat', async () => {
      const scene = follower();
      await scene.start();
      await scene.stop();
      stage.dc.limits.slice = 3;
      const said = sayEverywhere('many', 10);
      await scene.start();
      await scene.hears(said);
      for (const index of [0, 1, 2]) {
        const turns = scene.texts().filter((text) => text.startsWith(`many ${index} `));
        expect(turns).toEqual(Array.from({ length: 10 }, (_, turn) => `many ${index} ${turn}`));
      }
    });

    it('of which Telegram tells no difference any more are found in the chats', async () => {
      const scene = follower();
      await scene.start();
      await scene.stop();
      Object.assign(stage.dc.limits, { mailboxTooLong: 5, channelTooLong: 5 });
      const said = sayEverywhere('many', 120);
      await scene.start();
      await scene.hears(said);
    });

    it('of a supergroup are fetched when Telegram says that there are too many to push', async () => {
      const scene = follower();
      await scene.start();
      stage.dc.faults.add({ method: 'messages.SendMessage', losePush: true, times: 2 });
      const said = ['one', 'two'].map((text) => alice(stage.cinema).says(text).text);
      stage.dc.announceTooLong(stage.cinema);
      await scene.hears(said);
    });

    it('of a supergroup that it came into meanwhile are told', async () => {
      const scene = follower();
      await scene.start();
      await scene.stop();
      const late = stage.dc.world.addSupergroup('Late', { members: ['alice', 'heavy'] });
      const said = ['one', 'two'].map((text) => alice(late).says(text).text);
      await scene.start();
      await scene.hears(said);
    });

    it('of a supergroup begin when the account comes into it', async () => {
      const scene = follower();
      const late = stage.dc.world.addSupergroup('Late', { members: ['alice'] });
      await scene.start();
      const aMinuteAgo = Math.floor(Date.now() / 1000) - 60;
      alice(late).says('not meant for it', { date: aMinuteAgo });
      late.admit(stage.dc.world.user('heavy'));
      alice(late).says('welcome');
      await scene.hears(['welcome']);
    });

    it('have messages as they are by now, and edits as such', async () => {
      const scene = follower();
      await scene.start();
      const kept = alice(stage.cinema).says('kept');
      await scene.hears(['kept']);
      await scene.stop();
      const late = alice(stage.club).says('late');
      stage.dc.world.user('alice').edits(late, 'late, and edited');
      stage.dc.world.user('alice').edits(kept, 'kept, and edited');
      const gone = alice(stage.club).says('gone');
      stage.dc.world.user('alice').deletes(gone);
      await scene.start();
      await vi.waitFor(() => expect(scene.texts()).toContain('kept, and edited'), patience);
      await vi.waitFor(() => expect(scene.texts()).toContain('late, and edited'), patience);
      expect(scene.texts()).not.toContain('gone');
      expect(scene.told.filter(({ text }) => text.endsWith('edited')).every(({ edited }) => edited)).toBe(
        true,
      );
    });

    it('are told again until they have been dealt with', async () => {
      const scene = follower();
      await scene.start();
      scene.onMessage.mockRejectedValueOnce(new Error('not now')).mockRejectedValueOnce(new Error('not now'));
      alice(stage.club).says('difficult');
      await scene.hears(['difficult']);
      expect(scene.onMessage).toHaveBeenCalledTimes(3);
    });

    it('that were not dealt with when the process ended are told again, with those after them', async () => {
      const scene = follower();
      await scene.start();
      alice(stage.club).says('settled');
      await scene.hears(['settled']);
      for (const place of [stage.club, stage.cinema]) {
        scene.onMessage.mockImplementationOnce(() => Promise.reject(new Error('never')));
        alice(place).says(`open ${typeof place === 'string' ? place : place.title}`);
      }
      await vi.waitFor(() => expect(scene.onMessage.mock.calls.length).toBeGreaterThan(2), patience);
      await scene.stop();
      await scene.start();
      await vi.waitFor(
        () => expect(new Set(scene.texts())).toEqual(new Set(['settled', 'open Film club', 'open Cinema'])),
        patience,
      );
      expect(scene.texts().filter((text) => text === 'settled')).toHaveLength(1);
    });

    it('wait where too many are under way, and none is left out', async () => {
      const scene = follower();
      await scene.start();
      const gate = Promise.withResolvers<void>();
      scene.onMessage.mockImplementation(async (message) => {
        await gate.promise;
        scene.told.push(message);
      });
      const said = sayEverywhere('flood', 1500);
      await vi.waitFor(() => expect(scene.status?.pending).toBeGreaterThan(900), patience);
      expect(scene.status?.pending).toBeLessThan(1500);
      gate.resolve();
      await scene.hears(said);
    });

    it('are each told once, whatever happens to pushes, answers and connections', async () => {
      const scene = follower();
      await scene.start();
      stage.dc.limits.slice = 7;
      const said: string[] = [];
      for (let round = 0; round < 10; round++) {
        const chance = (round * 7919) % 5;
        if (chance === 0) stage.dc.dropConnections();
        if (chance === 1) stage.dc.faults.add({ method: 'messages.SendMessage', losePush: true, times: 4 });
        if (chance === 2) stage.dc.faults.add({ method: 'updates.GetDifference', drop: 'after' });
        if (chance === 3) stage.dc.faults.add({ method: 'updates.GetChannelDifference', delayMs: 30 });
        if (chance === 4) stage.dc.faults.add({ method: '*', error: [420, 'FLOOD_WAIT_0'] });
        said.push(...sayEverywhere(`round ${round}`, 4));
        await vi.waitFor(() => expect(scene.told.length).toBeGreaterThan(said.length / 2), patience);
      }
      stage.dc.faults.clear();
      said.push(...sayEverywhere('the last'));
      stage.dc.dropConnections();
      await scene.hears(said);
    });
  });
};
