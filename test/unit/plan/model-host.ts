/** A host in a few lines: what carrying out each action does to what can be observed. */
import type {
  HostObservation,
  ObservedBox,
  ObservedFile,
  ObservedGuest,
} from '../../../reconciler/observed/observation.ts';
import type { Action, GuestTarget, Plan } from '../../../reconciler/plan/plan.ts';
import { boxKey } from '../../../reconciler/plan/subject.ts';
import { observedFile } from './builders.ts';

/** Carries out the plan on the model. Throws where a real host would fail or lose something. */
export function carryOut(plan: Plan, before: HostObservation, now: number): HostObservation {
  let machines = 0;
  return plan.actions.reduce((observation, action) => {
    machines += 1;
    return step(action, observation, `new-${now}-${machines}`, now);
  }, before);
}

function step(action: Action, host: HostObservation, machineId: string, now: number): HostObservation {
  switch (action.kind) {
    case 'fetch-box':
      return withFile(host, observedFile(action.box));
    case 'add-box': {
      if (!host.fetched.includes(action.box.sha256)) throw new Error(`${action.id}: the file is not there`);
      if (find(host, boxKey(action.box)) !== undefined)
        throw new Error(`${action.id}: the box is there already`);
      const { name, version, provider, sha256 } = action.box;
      const added = { name, version, provider, sha256, bytes: 3 * action.box.size, usedBy: [] };
      const after = { ...host, boxes: [...host.boxes, added] };
      return action.keepsFile ? after : withoutFile(after, sha256);
    }
    case 'remove-box': {
      if (action.file !== null) {
        const there = [...host.fetched, ...host.files.map(({ sha256 }) => sha256)];
        if (!there.includes(action.file)) throw new Error(`${action.id}: no such file`);
      }
      const left = action.file === null ? host : withoutFile(host, action.file);
      if (action.from === 'files') return left;
      const box = find(host, boxKey(action.box));
      if (box === undefined) throw new Error(`${action.id}: no such box`);
      if (box.usedBy.length > 0) throw new Error(`${action.id}: ${box.usedBy.join(', ')} stands on it`);
      return { ...left, boxes: left.boxes.filter((other) => other !== box) };
    }
    case 'create-guest':
      return build(host, action.guest, action.target, machineId, now, action.id);
    case 'rebuild-guest':
      return build(end(host, action.guest), action.guest, action.target, machineId, now, action.id);
    case 'remove-guest':
      return end(host, action.guest);
    case 'start-guest':
      return change(host, action.guest, start);
    case 'reboot-host':
      throw new Error('the model cannot be rebooted');
  }
}

function withFile(host: HostObservation, file: ObservedFile): HostObservation {
  const { files, fetched } = withoutFile(host, file.sha256);
  return { ...host, files: [...files, file], fetched: [...fetched, file.sha256] };
}

function withoutFile(host: HostObservation, sha256: string): HostObservation {
  return {
    ...host,
    files: host.files.filter((file) => file.sha256 !== sha256),
    fetched: host.fetched.filter((digest) => digest !== sha256),
  };
}

function start(guest: ObservedGuest): ObservedGuest {
  const { machine, builtFrom } = guest;
  if (machine.state === 'present') return { ...guest, machine: { ...machine, power: 'running' } };
  if (machine.state !== 'forgotten' || builtFrom === null) throw new Error(`${guest.name}: nothing to start`);
  const { name, version } = builtFrom.spec.box;
  return { ...guest, machine: { ...machine, state: 'present', box: { name, version } } };
}

function build(
  host: HostObservation,
  name: string,
  target: GuestTarget,
  machineId: string,
  now: number,
  id: string,
): HostObservation {
  const guest = host.guests.find((other) => other.name === name);
  if (guest?.machine.state === 'present' || guest?.machine.state === 'forgotten')
    throw new Error(`${id}: a machine is in its place`);
  const box = find(host, boxKey(target.spec.box));
  if (box?.sha256 !== target.spec.box.sha256) throw new Error(`${id}: its box is not there`);
  const { spec, commit } = target;
  const user = (other: ObservedBox) =>
    other === box ? { ...other, usedBy: [...other.usedBy, name] } : other;
  return change({ ...host, boxes: host.boxes.map(user) }, name, (old) => ({
    ...old,
    machine: {
      state: 'present',
      id: machineId,
      provider: spec.provider,
      power: 'running',
      box: { name: spec.box.name, version: spec.box.version },
    },
    builtFrom: { spec, commit, at: new Date(now).toISOString(), machineId },
    unfinished: null,
    lastGood: { spec, commit },
    lineChanges: {},
  }));
}

function end(host: HostObservation, name: string): HostObservation {
  const boxes = host.boxes.map((box) => ({ ...box, usedBy: box.usedBy.filter((user) => user !== name) }));
  const gone = (guest: ObservedGuest): ObservedGuest => ({
    ...guest,
    machine: { state: 'absent' },
    builtFrom: null,
    unfinished: null,
  });
  return change({ ...host, boxes }, name, gone);
}

function change(
  host: HostObservation,
  name: string,
  by: (guest: ObservedGuest) => ObservedGuest,
): HostObservation {
  return { ...host, guests: host.guests.map((guest) => (guest.name === name ? by(guest) : guest)) };
}

function find(host: HostObservation, key: string): ObservedBox | undefined {
  return host.boxes.find((box) => boxKey(box) === key);
}
