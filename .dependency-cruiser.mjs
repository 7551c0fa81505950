/**
 * Which part may know which, held against the built JavaScript in dist/: TypeScript 7 has no JS API that dependency-cruiser
 * could read the sources by. Types are gone there, and rightly so: a type shared between two parts ties nothing together.
 */

/** Packages of Node through which a module touches the world. */
const WORLD =
  '^(node:)?(fs|net|http|https|http2|child_process|os|dns|tls|dgram|worker_threads|readline|process)(/|$)';
/** What decides whether an action may go now. */
const DECISIONS = '^dist/gate/(gate|standstill|window|zone|summary|gates)\\.js$';
/** What decides whether a push may come in. */
const DOOR_DECISIONS = '^dist/door/(judge-audit|judge-watched|ref-role|reason)\\.js$';
/** What decides whom to ask for which part of a box, and what is left to do of a build. */
const BOX_DECISIONS =
  '^dist/boxes/(chunks/(chunk-list|cut|seeds)|download/(schedule|segments|number-set|course|takeover|bitmap)|peers/choose|build/plan-build)\\.js$';
/** What decides whether a change may go on here, and which host's word of itself is believed. */
const ROLLOUT_DECISIONS = '^dist/rollout/(decide|waves|believe)\\.js$';
/** What decides who notifies, what there is to tell, and how it reads. */
const NOTIFY_DECISIONS =
  '^dist/notify/(candidate|claim|cursor|describe|round|standing|tell|targets/(cloud-event|mail))\\.js$';
const BOUGHT = ['npm', 'npm-dev', 'npm-optional', 'npm-no-pkg', 'npm-unknown'];

export default {
  forbidden: [
    {
      name: 'no-cycles',
      severity: 'error',
      comment: 'A cycle has no beginning to read from.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'no-unresolved',
      severity: 'error',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'plan-is-pure',
      severity: 'error',
      comment:
        'A plan follows from what it is handed: no clock, no file, no process (docs/explanation/architecture.md).',
      from: { path: '^dist/plan/' },
      to: { path: WORLD, reachable: true },
    },
    {
      name: 'gate-decisions-are-pure',
      severity: 'error',
      comment: 'The decision whether an action may go now is made from gathered facts.',
      from: { path: DECISIONS },
      to: { path: WORLD, reachable: true },
    },
    {
      name: 'door-decisions-are-pure',
      severity: 'error',
      comment: 'Whether a push may come in is decided from gathered facts.',
      from: { path: DOOR_DECISIONS },
      to: { path: WORLD, reachable: true },
    },
    {
      name: 'box-decisions-are-pure',
      severity: 'error',
      comment: 'Which chunk to ask of whom next is tried in virtual time, by the thousand.',
      from: { path: BOX_DECISIONS },
      to: { path: WORLD, reachable: true },
    },
    {
      name: 'rollout-decisions-are-pure',
      severity: 'error',
      comment: 'All hosts decide alike from the same records, and a simulator by the thousand.',
      from: { path: ROLLOUT_DECISIONS },
      to: { path: WORLD, reachable: true },
    },
    {
      name: 'notify-decisions-are-pure',
      severity: 'error',
      comment:
        'That each target is told everything is tried with a crash at each call: all effects are handed in.',
      from: { path: NOTIFY_DECISIONS },
      to: { path: WORLD, reachable: true },
    },
    {
      name: 'pure-buys-nothing-impure',
      severity: 'error',
      comment: 'What a package does with the world is not seen from here, so the pure parts use none.',
      from: { path: ['^dist/plan/', DECISIONS, ROLLOUT_DECISIONS, NOTIFY_DECISIONS] },
      to: { dependencyTypes: BOUGHT },
    },
    {
      name: 'plan-knows-no-effects',
      severity: 'error',
      from: { path: '^dist/plan/' },
      to: { path: '^dist/(apply|audit|daemon|cli|git|agents|secrets|host\\.js)' },
    },
    {
      name: 'desired-knows-no-later-step',
      severity: 'error',
      comment: 'Data flows one way: what a commit says cannot depend on what is done about it.',
      from: { path: '^dist/desired/', pathNot: '^dist/desired/accept\\.js$' },
      to: {
        path: '^dist/(observed|plan|gate|apply|audit|daemon|cli|agents|host\\.js)',
        // what time zones, dates and cron expressions there are, as a file may hold any
        pathNot: '^dist/gate/(zone|dates|cron)\\.js$',
      },
    },
    {
      name: 'observed-knows-no-later-step',
      severity: 'error',
      from: { path: '^dist/observed/' },
      to: { path: '^dist/(plan|gate|apply|audit|daemon|cli|host\\.js)' },
    },
    {
      name: 'steps-know-no-shell',
      severity: 'error',
      comment: 'The command line and the daemon call the steps, never the other way round.',
      from: {
        path: '^dist/(git|desired|observed|plan|gate|apply|audit|boxes|rollout|notify|agents|secrets|trust|door)/',
      },
      to: { path: '^dist/(cli|daemon)/' },
    },
    {
      name: 'one-place-wires',
      severity: 'error',
      comment: 'host.ts makes the real parts; only the command line and the daemon ask it to.',
      from: { pathNot: '^dist/(cli|daemon)/' },
      to: { path: '^dist/host\\.js$' },
    },
    {
      name: 'reconcile-takes-what-it-is-handed',
      severity: 'error',
      from: { path: '^dist/reconcile\\.js$' },
      to: { path: [WORLD, '^dist/host\\.js$'] },
    },
    {
      name: 'no-tools-at-run-time',
      severity: 'error',
      comment: 'What runs on a host is in `dependencies`.',
      from: { path: '^dist/' },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'npm-unknown'] },
    },
  ],
  options: {
    doNotFollow: { dependencyTypes: BOUGHT },
    moduleSystems: ['es6'],
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default'] },
  },
};
