/** The daemon: reconciles at start, at every poll, and whenever there is news; until it is told to stop. */

import { lstatSync, mkdirSync } from 'node:fs';
import type { Server } from 'node:net';
import { dirname } from 'node:path';
import { iso, systemClock } from '../clock.ts';
import { BoxreeveError } from '../errors.ts';
import { openHost } from '../host.ts';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';
import { type StateDir, stateDirLayout } from '../state-dir.ts';
import { serveControlSocket } from './control-socket.ts';
import { handleRequest } from './handle-request.ts';
import { takeHostLock } from './host-lock.ts';
import { loadHostConfig } from './load-host-config.ts';
import { type Notifying, notifying } from './notifying.ts';
import { openService, type Service } from './service.ts';
import { type UnattendedBuilds, unattendedBuilds } from './unattended-builds.ts';
import { WakeUp } from './wake-up.ts';
import { type News, watchForNews } from './watch.ts';

/** Polls are spread by this share of their interval, so that hosts do not all ask in one moment. */
const POLL_JITTER = 0.1;

const STARTED_AT = iso(systemClock.now());

/** Runs until `signal` is aborted. host.yaml may change under way: the daemon then starts over with what it says. */
export async function runDaemon(
  configFile: string | undefined,
  log: Logger,
  signal: AbortSignal,
): Promise<void> {
  let config = await loadHostConfig(configFile);
  while (!signal.aborted) config = (await runWith(config, log, signal)) ?? config;
}

/** Runs with one host.yaml; resolves to the next one when it was changed to something valid. */
async function runWith(config: HostConfig, log: Logger, signal: AbortSignal): Promise<HostConfig | null> {
  const dirs = stateDirLayout(config.stateDir);
  const lock = takeHostLock(dirs.lock, 'the daemon');
  const host = await openHost(config, log);
  const wake = new WakeUp(systemClock);
  const service = openService(host, dirs, { pid: process.pid, startedAt: STARTED_AT }, signal);
  const socket = await listen(dirs, service);
  const builds = unattendedBuilds({ config, dirs, host });
  const notify = notifying({ config, host });
  const news = { configChanged: false };
  const unwatch = await watchForNews(config, dirs, (what) => hear(what, wake, news));
  log.info({ host: config.name, poll: config.poll }, 'the daemon runs');
  try {
    return await loop({ config, service, builds, notify, wake, news, log, signal });
  } finally {
    await unwatch();
    await Promise.all([builds.close(), notify.close()]);
    await service.close();
    socket.close();
    lock.release();
    log.info({ host: config.name }, 'the daemon ends');
  }
}

type Loop = {
  readonly config: HostConfig;
  readonly service: Service;
  readonly builds: UnattendedBuilds;
  readonly notify: Notifying;
  readonly wake: WakeUp;
  readonly news: { configChanged: boolean };
  readonly log: Logger;
  readonly signal: AbortSignal;
};

async function loop({
  config,
  service,
  builds,
  notify,
  wake,
  news,
  log,
  signal,
}: Loop): Promise<HostConfig | null> {
  wake.request('start');
  while (!signal.aborted) {
    const trigger = await wake.sleep(config.poll * (1 + POLL_JITTER * (Math.random() * 2 - 1)), signal);
    if (signal.aborted) break;
    if (news.configChanged) {
      news.configChanged = false;
      const changed = await reload(config, log);
      if (changed !== null) return changed;
    }
    await service
      .sync({ trigger, forceWindow: false, dryRun: false, retryFailed: false })
      .catch((error: unknown) =>
        log.error(describe(error), 'this reconcile failed; the next one tries again'),
      );
    await builds.consider();
    await notify.consider();
  }
  return null;
}

async function reload(config: HostConfig, log: Logger): Promise<HostConfig | null> {
  try {
    const next = await loadHostConfig(config.file);
    return JSON.stringify(next) === JSON.stringify(config) ? null : next;
  } catch (error) {
    log.error(
      describe(error),
      'host.yaml changed and is wrong now; the daemon goes on with what it said before',
    );
    return null;
  }
}

function describe(error: unknown): { error: string; stack?: string | undefined } {
  if (error instanceof BoxreeveError) return { error: error.message };
  return error instanceof Error ? { error: error.message, stack: error.stack } : { error: String(error) };
}

function hear(what: News, wake: WakeUp, news: { configChanged: boolean }): void {
  if (what === 'host-config') news.configChanged = true;
  wake.request(what === 'trigger-file' ? 'trigger-file' : 'watch');
}

async function listen(dirs: StateDir, service: Service): Promise<Server> {
  const folder = dirname(dirs.controlSocket);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const owner = lstatSync(folder);
  if (!owner.isDirectory() || (process.getuid !== undefined && owner.uid !== process.getuid())) {
    throw new Error(`${folder} belongs to someone else; the control socket cannot lie there`);
  }
  return serveControlSocket(dirs.controlSocket, (request) => handleRequest(service, request));
}
