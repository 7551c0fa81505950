/** The environment Vagrant runs in: what it needs of ours, what the guest declares, and its secrets. Pure but for reading ours. */
import { userInfo } from 'node:os';
import type { Project } from './vagrant.ts';

const PASSED_ON: readonly string[] = [
  'PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
];

/**
 * Of Vagrant's own variables, these are ours to set; and VAGRANT_LOG, which has Vagrant repeat what a guest prints packet by packet, with
 * words of its own in between: half a secret is not known again.
 */
const OURS: readonly string[] = [
  'VAGRANT_HOME',
  'VAGRANT_CWD',
  'VAGRANT_VAGRANTFILE',
  'VAGRANT_DOTFILE_PATH',
  'VAGRANT_LOG',
];

export function vagrantEnvironment(vagrantHome: string, project: Project | null): Record<string, string> {
  const passed = Object.entries(process.env).filter(
    ([name]) =>
      PASSED_ON.includes(name) ||
      name.startsWith('LC_') ||
      (name.startsWith('VAGRANT_') && !OURS.includes(name)),
  );
  return {
    // `vagrant package` crashes without a user
    USER: userInfo().username,
    ...Object.fromEntries(passed.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))),
    ...project?.env,
    VAGRANT_HOME: vagrantHome,
    ...(project === null ? {} : { VAGRANT_CWD: project.folder, VAGRANT_VAGRANTFILE: project.vagrantfile }),
    VAGRANT_CHECKPOINT_DISABLE: '1',
    VAGRANT_BOX_UPDATE_CHECK_DISABLE: '1',
    VAGRANT_NO_COLOR: '1',
  };
}
