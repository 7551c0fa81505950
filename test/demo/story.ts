/** What the demo's people do, and what it waits for. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { GUEST } from '../lab/desired-state.ts';
import type { Lab } from '../lab/lab.ts';
import type { Scene } from '../lab/scene.ts';
import { waitFor } from '../lab/wait-for.ts';
import { detail, indented, under } from './show.ts';

export const HOST = 'builder1';

export class Story {
  private readonly lab: Lab;
  private readonly scene: Scene;

  constructor(lab: Lab, scene: Scene) {
    this.lab = lab;
    this.scene = scene;
  }

  async merge(message: string): Promise<void> {
    const commit = await this.scene.repo.merge(message);
    detail(`merged ${commit.slice(0, 7)} ${message}`);
  }

  /** Waits until the host has pushed its record of that number, and shows its subject. */
  async record(sequence: number, what: string): Promise<void> {
    const subject = await under(`waiting for ${what}`, () =>
      waitFor(`record ${sequence}`, () => this.subjectOf(sequence)),
    );
    detail(`record ${sequence}: ${subject}`);
    if (/could not|was cut|FAILED/.test(subject)) throw new Error(`this was not to happen: ${subject}`);
  }

  private async subjectOf(sequence: number): Promise<string | undefined> {
    const log = await this.scene.repo
      .remoteGit('log', '--reverse', '--format=%s', `audit/${HOST}`)
      .catch(() => '');
    return log.split('\n').filter((line) => line !== '')[sequence - 1];
  }

  replaceInGuestFile(from: string, to: string): void {
    const path = `desired-state/guests/${GUEST}/guest.yaml`;
    this.scene.repo.write(path, readFileSync(join(this.scene.repo.folder, path), 'utf8').replace(from, to));
  }

  async inGuest(command: string): Promise<string> {
    return (await this.lab.vagrant(['ssh', '-c', command], this.project())).stdout;
  }

  async destroy(): Promise<void> {
    const { exitCode, stdout } = await this.lab.vagrant(['destroy', '-f'], this.project());
    indented(stdout);
    if (exitCode !== 0) throw new Error('vagrant destroy failed');
  }

  private project() {
    const cwd = join(this.scene.host.stateDir, 'guests', GUEST);
    return { cwd, env: { GUEST_NAME: HOST, VSTS_TOKEN: 'x', PROVIDER: 'lxc' } };
  }
}
