/** The user under which other hosts come in. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bad, type Check, good } from './finding.ts';

const NAME = 'peer-user';

export const peerUser: Check = {
  name: NAME,
  look: async ({ own }) => {
    if (own.state !== 'peer') return [];
    const { user } = own.peer;
    const id = await promisify(execFile)('id', ['-u', '--', user]).catch(() => null);
    if (id === null)
      return [bad(NAME, `there is no user ${user}`, 'no other host is let in', 'boxreeve init --sshd')];
    if (id.stdout.trim() !== '0') return [good(NAME, `there is a user ${user}`)];
    const means =
      'whoever has the key of a host of the fleet comes in as root, held by the settings of sshd alone';
    return [
      bad(NAME, `${user} is root`, means, 'name another user in `peer.user`, then: boxreeve init --sshd'),
    ];
  },
};
