/** What the record of a halt tells of the way back, over the real reconcile. */
import { afterEach, expect, it } from 'vitest';
import { HOUR, MINUTE } from '../../../reconciler/clock.ts';
import type { RolloutSpec } from '../../../reconciler/desired/spec.ts';
import { box, guest } from '../plan/builders.ts';
import { Fleet } from './model-fleet.ts';

const [FIRST, SECOND] = ['a'.repeat(40), 'b'.repeat(40)];
const PROBES = [{ name: 'agent', run: 'true', expect: null }];
const OLD = guest({ probes: PROBES });
const NEW = guest({ probes: PROBES, box: box('2022.2.24') });
const CANARY: Partial<RolloutSpec> = {
  waves: [{ hosts: { by: 'label', label: 'canary' }, soak: 2 * HOUR }],
  proposeRevert: true,
};

let fleet = new Fleet({});
afterEach(() => fleet.dispose());

async function release(rollout: Partial<RolloutSpec>): Promise<void> {
  fleet = new Fleet({ canary1: ['canary'], builder1: [] });
  fleet.release(FIRST, [OLD], null);
  await fleet.tick(MINUTE);
  fleet.release(SECOND, [NEW], rollout);
}

function halted() {
  return fleet.world('canary1').chain.filter(({ kind }) => kind === 'halted');
}

it('a change that fails is proposed to be taken back once, to what worked, and the record says so', async () => {
  await release(CANARY);
  fleet.bad.set(NEW.fingerprint, null);
  for (let hour = 0; hour < 5; hour += 1) await fleet.tick(HOUR);
  expect(fleet.proposed).toMatchObject([
    {
      ...{ guest: 'azure-agent', change: `change ${NEW.fingerprint}`, commit: SECOND },
      worked: { box: OLD.box },
      failures: [{ host: 'canary1', detail: 'init.sh ended with 1' }],
    },
  ]);
  expect(halted().map(({ notes }) => notes.at(-1))).toEqual(['a branch takes it back']);
});

it('a change that fails only in its soak is taken back to what worked before it, not to itself', async () => {
  await release(CANARY);
  await fleet.tick(MINUTE);
  fleet.ill.add('canary1');
  await fleet.tick(2 * HOUR + MINUTE);
  await fleet.tick(MINUTE);
  expect(fleet.proposed).toMatchObject([{ worked: { box: OLD.box } }]);
});

it('a change that failed on many hosts at once is quoted by as many failures as halt it, the own one first', async () => {
  const hosts = ['canary1', 'canary2', 'canary3'];
  fleet = new Fleet({ ...Object.fromEntries(hosts.map((name) => [name, ['canary']])), builder1: [] });
  fleet.release(FIRST, [OLD], null);
  await fleet.tick(MINUTE);
  fleet.release(SECOND, [NEW], { ...CANARY, haltAfterFailures: 2, maxUnavailable: { count: 3 } });
  fleet.bad.set(NEW.fingerprint, null);
  for (let hour = 0; hour < 3; hour += 1) await fleet.tick(HOUR);
  const quoted = (name: string) =>
    fleet.world(name).memory.rollout?.halts.flatMap(({ failures }) => failures.map(({ host }) => host));
  expect(hosts.map(quoted)).toEqual([
    ['canary1', 'canary2'],
    ['canary2', 'canary1'],
    ['canary1', 'canary2'],
  ]);
  expect(quoted('builder1')).toEqual(['canary1', 'canary2']);
});

it('nothing is proposed where the fleet does not ask for it', async () => {
  await release({ ...CANARY, proposeRevert: false });
  fleet.bad.set(NEW.fingerprint, null);
  for (let hour = 0; hour < 5; hour += 1) await fleet.tick(HOUR);
  expect(halted()).toHaveLength(1);
  expect(fleet.proposed).toEqual([]);
});
