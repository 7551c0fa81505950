/** Whether other hosts are to fetch boxes from this one at all. */
import { type Check, good, unknown } from './finding.ts';

const NAME = 'peer';

export const peerNamed: Check = {
  name: NAME,
  look: async ({ config, own }) => {
    const file = `${config.path}/hosts/${config.name}.yaml`;
    switch (own.state) {
      case 'peer':
        return [
          good(NAME, `other hosts fetch boxes from ${own.peer.user}@${own.peer.address}:${own.peer.port}`),
        ];
      case 'none':
        return [good(NAME, `${file} has no \`peer:\`: no other host fetches boxes from this one`)];
      case 'not-begun':
        return [unknown(NAME, `no commit was followed yet, so nothing is known of ${file}`, 'boxreeve sync')];
    }
  },
};
