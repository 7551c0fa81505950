import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { vagrantEnvironment } from '../../../reconciler/apply/vagrant-environment.ts';

const OURS = { VAGRANT_LOG: 'debug', VAGRANT_NO_PARALLEL: '1', BOXREEVE_OTHER: 'x' };
beforeEach(() => {
  Object.assign(process.env, OURS);
});
afterEach(() => {
  for (const name of Object.keys(OURS)) delete process.env[name];
});

describe('the environment of Vagrant', () => {
  test('has its own settings, the guest has its own, and nothing else of ours', () => {
    const project = { folder: '/g', vagrantfile: 'Vagrantfile.boxreeve', env: { TOKEN: 'hunter2' } };
    const env = vagrantEnvironment('/home/.vagrant.d', project);
    expect(env).toMatchObject({
      VAGRANT_NO_PARALLEL: '1',
      VAGRANT_HOME: '/home/.vagrant.d',
      TOKEN: 'hunter2',
    });
    expect(env).not.toHaveProperty('BOXREEVE_OTHER');
  });

  test('has no debug log, which shows the output of a guest in pieces', () => {
    expect(vagrantEnvironment('/home/.vagrant.d', null)).not.toHaveProperty('VAGRANT_LOG');
  });
});
