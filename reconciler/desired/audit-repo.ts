/**
 * Whether an address may be where hosts push to. What a fleet names reaches every host, so it is held to more than `repo` of
 * `host.yaml` is: no option, no helper that runs a command, no password, nothing that means another place on each host. Pure.
 */

/** What is wrong with it, to go on after its name; null: nothing. It never shows a password. */
export function auditRepoProblem(repo: string): string | null {
  if (!isPlain(repo)) return 'cannot be an address of a repository';
  if (/^[a-z][a-z0-9+.-]*::/i.test(repo))
    return 'names a helper program: only addresses of repositories may stand there';
  const url = /^([a-z][a-z0-9+.-]*):\/\/([^/]*)/i.exec(repo);
  if (url !== null) {
    const [, scheme = '', authority = ''] = url;
    if (!SCHEMES.has(scheme.toLowerCase()))
      return `begins with ${scheme}://, which is none of ${[...SCHEMES].join(', ')}`;
    return credentialsProblem(scheme.toLowerCase(), authority);
  }
  if (repo.startsWith('/')) return null;
  // `user@host:path`, where the colon comes before any slash, as Git tells them apart
  if (/^(?:[\w.-]+@)?[\w.-]+:[^:]/.test(repo) && !repo.startsWith('-') && !/@-|:-/.test(repo)) return null;
  return 'is neither an address (https://…, ssh://…, user@host:path) nor an absolute path';
}

const SCHEMES: ReadonlySet<string> = new Set(['https', 'http', 'ssh', 'git', 'file']);

function isPlain(repo: string): boolean {
  return repo !== '' && !repo.startsWith('-') && !/[\s\p{Cc}]/u.test(repo);
}

/** Whoever can read the infra repo would have it. A user's name alone is none. */
function credentialsProblem(scheme: string, authority: string): string | null {
  const at = authority.lastIndexOf('@');
  if (/^-|@-/.test(authority)) return 'names a host that could be taken for an option';
  if (at < 0) return null;
  const user = authority.slice(0, at);
  if (scheme === 'ssh' && !user.includes(':')) return null;
  return 'has credentials in it, which everyone who can read the infra repo would have: give each host its own way in';
}
