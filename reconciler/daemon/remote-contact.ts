/** Back-off from a remote that is away: kept in the process, so that a restart asks at once. */
import type { Clock } from '../clock.ts';
import { MINUTE, SECOND } from '../clock.ts';
import type { RemoteContact } from '../host-ports.ts';

const FIRST_PAUSE = 5 * SECOND;
const LONGEST_PAUSE = 15 * MINUTE;

/** @param random a number in [0, 1), so that hosts that lost the same server do not come back in one moment */
export function remoteContact(clock: Clock, random: () => number): RemoteContact {
  let failures = 0;
  let notBefore = 0;
  let problem: string | null = null;
  return {
    due: (eager) => eager || clock.now() >= notBefore,
    succeeded: () => {
      failures = 0;
      notBefore = 0;
      problem = null;
    },
    failed: (why) => {
      const pause = Math.min(LONGEST_PAUSE, FIRST_PAUSE * 2 ** failures);
      failures += 1;
      notBefore = clock.now() + pause * (0.5 + random() / 2);
      problem = why;
    },
    rest: (ms) => {
      notBefore = clock.now() + ms * (0.9 + random() / 5);
    },
    get problem() {
      return problem;
    },
  };
}
