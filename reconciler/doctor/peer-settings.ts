/** What sshd's own files say for the user under which other hosts come in. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { bad, type Check, type Finding, good, type Subject, unknown } from './finding.ts';

const NAME = 'peer-settings';

/** As `sshd -T` prints them. */
const DEMANDED: Readonly<Record<string, RegExp>> = {
  authenticationmethods: /^publickey$/,
  passwordauthentication: /^no$/,
  kbdinteractiveauthentication: /^no$/,
  authorizedkeysfile: /^none$/,
  trustedusercakeys: /^none$/,
  chrootdirectory: /^\/./,
  forcecommand: /^internal-sftp (.* )?-R( |$)/,
  disableforwarding: /^yes$/,
  allowtcpforwarding: /^no$/,
  allowstreamlocalforwarding: /^no$/,
  allowagentforwarding: /^no$/,
  x11forwarding: /^no$/,
  gatewayports: /^no$/,
  permitopen: /^none$/,
  permitlisten: /^none$/,
  permittunnel: /^no$/,
  permittty: /^no$/,
  permituserrc: /^no$/,
};

export const peerSettings: Check = {
  name: NAME,
  look: async (subject) => {
    const { own } = subject;
    if (own.state !== 'peer') return [];
    const asked = `user=${own.peer.user},host=localhost,addr=127.0.0.1`;
    const [program = 'sshd', ...always] = subject.sshd;
    const run = promisify(execFile)(program, [...always, '-T', '-C', asked], { timeout: 10_000 });
    return run.then(
      ({ stdout }) => judge(stdout, subject),
      (error: unknown) => [
        unknown(NAME, `sshd does not say what it goes by: ${lastLine(error)}`, 'sudo boxreeve doctor'),
      ],
    );
  },
};

function judge(said: string, { dirs, own }: Subject): readonly Finding[] {
  const wrong = wrongSettings(said, dirs.peerKeys);
  const user = own.state === 'peer' ? own.peer.user : '';
  if (wrong.length === 0)
    return [good(NAME, `sshd lets ${user} read files in one folder, and do nothing else`)];
  const means =
    'who has the key of any host of the fleet may do more here than read boxes, or cannot read them';
  return [
    bad(NAME, `sshd goes by other settings for ${user}: ${wrong.join(', ')}`, means, 'boxreeve init --sshd'),
  ];
}

/** Settings that are not as they must be, each as sshd has it. Pure. */
export function wrongSettings(said: string, keys: string): readonly string[] {
  const settings = new Map(
    said.split('\n').map((line) => {
      const [name = '', ...value] = line.split(' ');
      return [name, value.join(' ')] as const;
    }),
  );
  const wrong = Object.entries(DEMANDED).flatMap(([name, right]) => {
    const value = settings.get(name);
    // an older sshd does not have every setting; what it does not know it does not allow
    return value === undefined || right.test(value) ? [] : [`${name} ${value}`];
  });
  const command = settings.get('authorizedkeyscommand') ?? 'none';
  return command.includes(keys.replaceAll('%', '%%'))
    ? wrong
    : [...wrong, `authorizedkeyscommand ${command}`];
}

function lastLine(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.trim().split('\n').at(-1) ?? '';
}
