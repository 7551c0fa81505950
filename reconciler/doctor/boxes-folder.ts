/** The folder of box files: whether it is there, and whether other hosts' user may read in it. */
import { stat } from 'node:fs/promises';
import { bad, type Check, good } from './finding.ts';

const NAME = 'boxes-folder';
/** Others may list it and go into it. */
const OTHERS_READ = 0o005;

export const boxesFolder: Check = {
  name: NAME,
  look: async ({ dirs, own }) => {
    const about = await stat(dirs.boxes).catch((error: NodeJS.ErrnoException) => error.code ?? 'unknown');
    if (typeof about === 'string')
      return [
        bad(
          NAME,
          `${dirs.boxes} cannot be seen (${about})`,
          'no box can be fetched',
          `install -d -m 0755 ${dirs.boxes}`,
        ),
      ];
    if (!about.isDirectory())
      return [
        bad(
          NAME,
          `${dirs.boxes} is no folder`,
          'no box can be fetched',
          'name another as boxesDir in host.yaml',
        ),
      ];
    const mode = (about.mode & 0o777).toString(8);
    if (own.state === 'peer' && (about.mode & OTHERS_READ) !== OTHERS_READ) {
      const says = `other users cannot read in ${dirs.boxes} (mode ${mode})`;
      return [
        bad(
          NAME,
          says,
          `${own.peer.user} cannot, either: nobody gets boxes from here`,
          `chmod 0755 ${dirs.boxes}`,
        ),
      ];
    }
    return [good(NAME, `boxes lie in ${dirs.boxes} (mode ${mode})`)];
  },
};
