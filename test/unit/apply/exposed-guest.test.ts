/** Guests that work and let others in: what is refused is gone back from once, and nothing flaps. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type ModelHost, NAME, openModelHost } from '../../model/applying.ts';

const KEY = { kind: 'insecure-key', detail: 'it lets in vagrant with a key that everybody has' } as const;

let model: ModelHost;
beforeEach(async () => {
  model = await openModelHost();
});
afterEach(() => model.dispose());

describe('a guest that lets others in', () => {
  it('is built, and what was found is remembered, where it is only reported', async () => {
    model.found.push(KEY);
    const guest = model.guest();
    await model.converge([guest]);
    expect(model.memoryOf(NAME)).toMatchObject({
      built: { spec: { fingerprint: guest.fingerprint } },
      exposure: { violations: [KEY], unknown: [] },
    });
  });

  it('is gone back from where that is refused, and what last worked stays though it lets them in as well', async () => {
    const good = model.guest();
    await model.converge([good]);
    model.found.push(KEY);
    const bad = model.guest({ init: 'echo other', refuses: ['insecure-key'] });
    const done = await model.converge([bad]);
    expect(done.map((line) => line.split(': ')[1])).toEqual(['failed', 'done']);
    expect(model.memoryOf(NAME)).toMatchObject({
      built: { spec: { fingerprint: good.fingerprint } },
      failed: { fingerprint: bad.fingerprint, refused: ['insecure-key'] },
    });
    expect(await model.converge([bad])).toEqual([]);
  }, 60_000);

  it('is tried again once that is allowed, though nothing it is built from has changed', async () => {
    await model.converge([model.guest()]);
    model.found.push(KEY);
    await model.converge([model.guest({ init: 'echo other', refuses: ['insecure-key'] })]);
    const allowed = model.guest({ init: 'echo other', refuses: ['ssh-beyond-host'] });
    expect(await model.converge([allowed])).toHaveLength(1);
    expect(model.memoryOf(NAME)?.built?.spec.fingerprint).toBe(allowed.fingerprint);
  }, 60_000);

  it('stays when it is built anew as what last worked, whatever is refused by now', async () => {
    const guest = model.guest();
    const { actions } = await model.plan([guest]);
    await model.converge([guest]);
    model.found.push(KEY);
    const again = actions
      .filter(({ kind }) => kind === 'create-guest')
      .map((action) =>
        'target' in action
          ? { ...action, needs: [], target: { ...action.target, spec: { ...guest, refuses: [KEY.kind] } } }
          : action,
      );
    expect(await model.apply(again)).toMatchObject([{ result: 'done', exposure: { violations: [KEY] } }]);
  }, 60_000);

  it('is not put in service as the first one, where that is refused', async () => {
    model.found.push(KEY);
    const done = await model.converge([model.guest({ refuses: ['insecure-key'] })]);
    expect(done.at(-1)).toBe(`create-guest ${NAME}: failed`);
    expect(model.memoryOf(NAME)?.built).toBeNull();
  });
});
