/**
 * Jenkins' computers, as jenkinsci/jenkins' Computer.java behaves: `toggleOffline` toggles; a POST with an API token asks for no
 * crumb; what a user may not see is a 404.
 */
import type { CiLab, CiLabStart } from './ci-lab.ts';
import { type CiAnswer, type CiCall, NOT_FOUND, startCiServer, unknownParameter } from './http-server.ts';

const TOKEN = '11d5d6a1b2c3d4e5f6';

export type JenkinsLab = CiLab & {
  /** Marked temporarily offline, by whom and why; null: it is not. */
  off: string | null;
  connected: boolean;
  build: { number: number; oneOff: boolean } | null;
  /** Hides the computer from the user. */
  hidden: boolean;
  toggles: number;
};

export const startJenkins = async (_clock: Parameters<CiLabStart>[0]): Promise<JenkinsLab> => {
  let registered = true;
  const server = await startCiServer((call): CiAnswer => {
    const basic = Buffer.from(`ci-bot:${TOKEN}`).toString('base64');
    if (call.headers.authorization !== `Basic ${basic}`)
      return { status: 401, body: '<html>Invalid password/token</html>' };
    const [computer, name, verb, json, more] = call.path;
    if (computer !== 'computer') return NOT_FOUND;
    if (name === 'api' && verb === 'json' && json === undefined) return list(call);
    if (name !== 'builder3' || !registered || lab.hidden || more !== undefined) return NOT_FOUND;
    if (verb === 'api' && json === 'json') return details(call);
    if (verb !== 'toggleOffline' || json !== undefined) return NOT_FOUND;
    if (call.method !== 'POST') return { status: 405, headers: { allow: 'POST' } };
    return unknownParameter(call, ['offlineMessage']) ?? toggle(call);
  });

  function list(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['tree', 'depth']);
    if (refused) return refused;
    const names = ['Built-In Node', 'builder1', ...(registered ? ['builder3'] : [])];
    return { status: 200, body: { computer: names.map((displayName) => ({ displayName })) } };
  }

  function details(call: CiCall): CiAnswer {
    const refused = unknownParameter(call, ['tree', 'depth']);
    if (refused) return refused;
    const running = lab.build && {
      number: lab.build.number,
      fullDisplayName: `macos-build #${lab.build.number}`,
      url: `${server.url}/job/macos-build/${lab.build.number}/`,
    };
    return {
      status: 200,
      body: {
        displayName: 'builder3',
        offline: lab.off !== null || !lab.connected,
        temporarilyOffline: lab.off !== null,
        offlineCauseReason: lab.off ?? '',
        // A flyweight part of a Pipeline does not make an agent busy.
        idle: lab.build === null || lab.build.oneOff,
        executors: [{ currentExecutable: lab.build?.oneOff ? null : running }],
        oneOffExecutors: lab.build?.oneOff ? [{ currentExecutable: running }] : [],
      },
    };
  }

  function toggle(call: CiCall): CiAnswer {
    lab.toggles += 1;
    lab.off = lab.off === null ? (call.query.get('offlineMessage') ?? '') : null;
    return { status: 302, headers: { location: '.' } };
  }

  const lab: JenkinsLab = {
    server,
    off: null,
    connected: true,
    build: null,
    hidden: false,
    toggles: 0,
    spec: {
      system: 'jenkins',
      settings: { url: server.url, name: 'builder3', user: 'ci-bot', token: 'JENKINS_TOKEN' },
    },
    secrets: { JENKINS_TOKEN: TOKEN },
    assign: () => {
      if (!registered || lab.off !== null || !lab.connected || lab.build !== null) return false;
      lab.build = { number: 4711, oneOff: false };
      return true;
    },
    finish: () => {
      lab.build = null;
    },
    working: () => lab.build !== null,
    killed: () => 0,
    assignable: () => registered && lab.off === null,
    takenOffByPerson: () => {
      lab.off = 'disk is odd, Ann';
    },
    unregister: () => {
      registered = false;
    },
    reregister: () => undefined,
  };
  return lab;
};
