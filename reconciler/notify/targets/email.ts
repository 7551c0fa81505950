/** Mail, handed to this host's `sendmail`: what a mail system takes, it brings or gives back. Several messages make one mail. */

import type { Clock } from '../../clock.ts';
import { SECOND } from '../../clock.ts';
import type { NotifyTarget } from '../../desired/spec.ts';
import { oneLine } from '../../one-line.ts';
import { NotDelivered, type Target } from '../message.ts';
import { mailBytes } from './mail.ts';

type EmailTarget = Extract<NotifyTarget, { to: 'email' }>;

const LIMIT = 60 * SECOND;
const MOST_IN_A_MAIL = 25;
/** Characters of what it prints that are worth telling. */
const MOST_TOLD = 200;

/** @param sendmail program and its first arguments, of host.yaml */
export function emailTarget(
  sendmail: readonly string[],
  clock: Pick<Clock, 'now'>,
  { name, from, recipients, on }: EmailTarget,
): Target {
  return {
    name,
    most: MOST_IN_A_MAIL,
    standings: on.includes('roll-out') ? 'turns' : 'none',
    wants: ({ outcome }) => on.includes(outcome),
    deliver: async (messages, signal) => {
      const [program = '', ...first] = sendmail;
      // -i: a line of a dot alone does not end it. Who gets it stands here, behind `--`, and is not read out of the mail.
      const args = [...first, '-i', '-f', from, '--', ...recipients];
      const { execa } = await import('execa');
      const run = await execa(program, args, {
        input: mailBytes({ from, recipients, messages, at: clock.now() }),
        reject: false,
        cwd: '/',
        env: environment(),
        extendEnv: false,
        timeout: LIMIT,
        cancelSignal: signal,
        maxBuffer: 64 * 1024,
      });
      if (run.exitCode !== 0) throw new NotDelivered(`${program} ${whatIsWrong(run)}`, 'later');
    },
  };
}

type Run = {
  readonly exitCode?: number | undefined;
  readonly timedOut: boolean;
  readonly stderr?: unknown;
  readonly code?: string | undefined;
};

function whatIsWrong({ exitCode, timedOut, stderr, code }: Run): string {
  if (timedOut) return `did not take the mail within ${LIMIT / SECOND} s`;
  if (exitCode === undefined)
    return `cannot be run (${code ?? 'ended by a signal'}): name another as \`sendmail\` in host.yaml`;
  const said = typeof stderr === 'string' ? oneLine(stderr).trim().slice(0, MOST_TOLD) : '';
  return `ended with ${exitCode}${said === '' ? '' : `: ${said}`}`;
}

/** No secret that this process was started with is its business. */
function environment(): Record<string, string> {
  const names = ['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'LANG'];
  return Object.fromEntries(
    names.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
