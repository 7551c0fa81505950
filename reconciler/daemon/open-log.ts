/**
 * The log. On a terminal it reads like prose; elsewhere it is one JSON object a line, on standard error. Secrets are taken out
 * before anything reaches it.
 */
import { mkdirSync } from 'node:fs';
import { pino } from 'pino';
import type { HostConfig } from '../host-config.ts';
import type { Logger } from '../log.ts';

export async function openLog(config: HostConfig, { follow }: { follow: boolean }): Promise<Logger> {
  mkdirSync(config.stateDir, { recursive: true, mode: 0o700 });
  const level = process.env.BOXREEVE_LOG ?? (follow ? 'info' : 'warn');
  if (!process.stderr.isTTY)
    return pino({ level, base: { host: config.name } }, pino.destination({ dest: 2, sync: true }));
  const { PinoPretty } = await import('pino-pretty');
  return pino(
    { level },
    PinoPretty({ destination: 2, sync: true, ignore: 'pid,hostname', translateTime: 'HH:MM:ss' }),
  );
}
