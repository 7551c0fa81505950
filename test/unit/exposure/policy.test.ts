import { describe, expect, it } from 'vitest';
import { placeExposure } from '../../../reconciler/desired/exposure.ts';
import type { GuestSpec } from '../../../reconciler/desired/spec.ts';
import { reachOf } from '../../../reconciler/exposure/examine.ts';
import type { Exposure } from '../../../reconciler/exposure/exposure.ts';
import { standing } from '../../../reconciler/exposure/standing.ts';
import { newGuestMemory } from '../../../reconciler/observed/memory.ts';
import { guest } from '../plan/builders.ts';

describe('what is refused', () => {
  it.each([
    ['nothing, where nobody says', undefined, undefined, undefined],
    ['all of it, by one word', 'refuse', undefined, ['ssh-beyond-host', 'insecure-key', 'password-login']],
    ['what the fleet refuses', undefined, { 'insecure-key': 'refuse' }, ['insecure-key']],
    ['nothing of it, where the guest reports it', 'report', 'refuse', undefined],
    [
      'what the fleet refuses but for what the guest says',
      { 'insecure-key': 'report' },
      'refuse',
      ['ssh-beyond-host', 'password-login'],
    ],
  ] as const)('is %s', (_what, own, fleet, refuses) => {
    expect(placeExposure(own, fleet).refuses).toEqual(refuses);
  });
});

describe('a port of the host', () => {
  const ssh = { host: '127.0.0.1', port: 2222, user: 'vagrant', identityFiles: [], hostKey: 'guest' };
  const at = (port: number) => ({ address: '0.0.0.0', port });

  it('is a way into the guest if it shows the guest’s own host key', () => {
    const answers = [
      { at: at(22), offered: { state: 'ssh', hostKey: 'of the host' } },
      { at: at(2222), offered: { state: 'ssh', hostKey: 'guest' } },
      { at: at(80), offered: { state: 'no-ssh' } },
    ] as const;
    expect(reachOf(ssh, { answers, unasked: null }).violation?.detail).toContain('0.0.0.0:2222');
  });

  it('is none if it is the SSH of the host, or no SSH', () => {
    const answers = [
      { at: at(22), offered: { state: 'ssh', hostKey: 'of the host' } },
      { at: at(80), offered: { state: 'no-ssh' } },
    ] as const;
    expect(reachOf(ssh, { answers, unasked: null })).toEqual({});
  });

  it('that speaks SSH and shows no key leaves it unknown', () => {
    const answers = [{ at: at(2222), offered: { state: 'unknown', why: 'timed out' } }] as const;
    expect(reachOf(ssh, { answers, unasked: null })).toEqual({
      unknown: { kind: 'ssh-beyond-host', detail: expect.stringContaining('0.0.0.0:2222') },
    });
  });

  it('that was not asked leaves it unknown, as does a guest whose key nobody knows', () => {
    const unasked = "the host's listening ports cannot be read: EACCES";
    expect(reachOf(ssh, { answers: [], unasked }).unknown?.detail).toBe(unasked);
    expect(reachOf({ ...ssh, hostKey: null }, { answers: [], unasked: null }).unknown).toBeDefined();
  });
});

describe('what was found of a guest', () => {
  const key = { kind: 'insecure-key', detail: 'it lets in vagrant' } as const;
  const reach = { kind: 'ssh-beyond-host', detail: 'no netstat' } as const;
  const found: Exposure = { violations: [key], unknown: [reach] };
  const memory = (spec: GuestSpec, exposure: Exposure | null) => {
    const ssh = { host: 'h', port: 22, user: 'vagrant', identityFiles: [], hostKey: 'k' };
    const built = { spec, commit: 'c', at: 'then', machineId: 'm', ssh };
    return { guests: { [spec.name]: { ...newGuestMemory, built, exposure } } };
  };

  it('is judged by the desired state of now, not by that it was built from', () => {
    const [before, now] = [guest({ refuses: ['insecure-key'] }), guest()];
    expect(standing(memory(before, found), [now]).violations).toMatchObject([{ refused: false }]);
    expect(standing(memory(now, found), [before]).violations).toMatchObject([{ refused: true }]);
    expect(standing(memory(now, found), [before]).refusals).toHaveLength(1);
  });

  it('is judged by what it was built from, where nobody declares the guest any more', () => {
    expect(standing(memory(guest({ refuses: ['insecure-key'] }), found), []).refusals).toHaveLength(1);
  });

  it('makes a host unhealthy where what is refused cannot be told', () => {
    const { refusals, doubts } = standing(memory(guest({ refuses: ['ssh-beyond-host'] }), found), []);
    expect([refusals, doubts]).toEqual([[expect.stringContaining('unknown')], []]);
  });

  it('says what cannot be told where it is only reported', () => {
    expect(standing(memory(guest(), found), [])).toMatchObject({
      refusals: [],
      doubts: [expect.stringContaining('no netstat')],
    });
  });

  it('is nothing of a guest that nobody looked into', () => {
    expect(standing(memory(guest(), null), [])).toEqual({ violations: [], refusals: [], doubts: [] });
  });
});
