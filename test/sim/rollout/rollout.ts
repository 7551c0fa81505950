/**
 * The scenarios `rollout`, `rollout-100` and `rollout-10000`: a fleet for some hours in which changes are merged, of which many do not
 * work, while hosts die, links break, clocks differ and guests are destroyed.
 */
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { Random } from '../random.ts';
import type { Totals } from '../totals.ts';
import { type Fleet, FleetHost } from './fleet-host.ts';
import { Server } from './server.ts';
import { type FleetSize, type Story, storyOf } from './story.ts';
import { Timeline } from './timeline.ts';
import { Truth } from './truth.ts';

export function rolloutOfSize(size: FleetSize) {
  return (seed: Random, tell: (line: string) => void): Promise<Totals> => rollout(size, seed, tell);
}

async function rollout(size: FleetSize, seed: Random, tell: (line: string) => void): Promise<Totals> {
  const { truth } = await livedThrough(storyOf(size, seed.fork(0)), seed, tell);
  const { faults, built, halts } = truth;
  return { faults, done: { 'guests built': built, halts } };
}

/** To its end, or until every host is what it should be. */
export async function livedThrough(story: Story, seed: Random, tell: (line: string) => void): Promise<Fleet> {
  const timeline = new Timeline(story.begin);
  const say = (host: string, what: string) => tell(`${new Date(timeline.now).toISOString()} ${host} ${what}`);
  const server = new Server(story, timeline);
  const truth = new Truth(story, timeline, say);
  const fleet: Fleet = {
    story,
    timeline,
    server,
    truth,
    isCalm: () => timeline.now >= story.calm,
    tell: say,
  };
  tellStory(story, tell);
  const hosts = story.hosts.map((fate, index) => new FleetHost(fleet, fate, seed.fork(100 + index)));
  for (const host of hosts) timeline.begin(story.begin, () => host.live());
  timeline.begin(story.begin, () => people(fleet, hosts, seed.fork(1)));
  const living = hosts.filter((_, index) => story.hosts[index]?.diesAt === null);
  await timeline.run(story.end, () => fleet.isCalm() && living.every((host) => host.isSettled()));
  for (const host of living) host.settle();
  for (const [slot, { slot: held }] of server.leases.slots)
    if (held !== 'unreadable' && held.state === 'held' && living.some(({ name }) => name === held.host))
      truth.fault('lost', held.host, `still has slot ${slot}`);
  return fleet;
}

function tellStory({ hosts, rollout, slots, releases }: Story, tell: (line: string) => void): void {
  tell(`${hosts.length} hosts, ${slots} may be down, ${JSON.stringify(rollout)}`);
  for (const { at, guest, isBad } of releases) {
    const bad = hosts.filter(({ name }) => isBad(name)).map(({ name }) => name);
    const where = bad.length === hosts.length ? 'everywhere' : bad.slice(0, 10).join(', ');
    tell(`${new Date(at).toISOString()} ${guest.fingerprint} is merged; it fails ${where || 'nowhere'}`);
  }
}

/** Now and then somebody destroys a guest by hand, or an approver lets a halted change go on. */
async function people(
  { timeline, server, isCalm, tell }: Fleet,
  hosts: readonly FleetHost[],
  random: Random,
) {
  for (;;) {
    await timeline.wait(random.between(10 * MINUTE, 3 * HOUR));
    if (isCalm()) return;
    const host = hosts[random.between(0, hosts.length)];
    if (random.chance(0.3)) host?.guest.destroy();
    const change = server.tip().guest.fingerprint;
    if (!server.isHalted(change) || random.chance(0.6)) continue;
    tell('anna', `forgives ${server.forgive(change).join(', ')}`);
  }
}
