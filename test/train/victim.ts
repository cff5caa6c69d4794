/**
 * A training run that a test kills: `node victim.js KIND FOLDER GENERATIONS [AT]`. It says every generation and every warning in a
 * line. KIND is quadratic, in one thread, or rollout, of a
 * task without physics in two workers, or hopper, of a leg on the ground in two workers. AT is where it waits for its end: a number of
 * generations, or STAGE:N, the N-th time a file's writing comes to that stage.
 */
import { writeSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { defineTask } from '../../bindings/task/index.js'
import type { WriteStage } from '../../bindings/train/folder.js'
import type { KeepOptions } from '../../bindings/train/keep.js'
import type { Progress } from '../../bindings/train/metrics.js'
import { train } from '../../bindings/train/run.js'
import { quadratic } from './quadratic.js'

const [kind, folder, generations, at = ''] = process.argv.slice(2)
const [stage, nth] = at.split(':')

/** the pipe takes a short line at once, whatever happens next */
const say = (line: string): void => void writeSync(1, `${line}\n`)

function wait(): never {
  say('waiting')
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  throw new Error('nobody wakes it')
}

let seen = 0
let done = 0
const keep: KeepOptions = {
  folder,
  resume: true,
  checkpointEvery: 2,
  hook: (now: WriteStage) => {
    if (now === stage && ++seen === Number(nth)) wait()
  },
}
const common = {
  generations: Number(generations),
  onProgress: ({ generation }: Progress) => {
    say(`generation ${generation}`)
    if (++done === Number(at)) wait()
  },
  onWarning: (words: string) => say(`warning ${words}`),
}

/** a point mass with dynamics of its own is to be held at the origin */
const hold = () =>
  defineTask({
    name: 'hold',
    frameSkip: 0,
    episodeLength: 40,
    define: s => {
      const x = s.state('x', { reset: s.uniform(-1, 1), next: x => x.add(s.action(0).mul(0.2)), unit: '' })
      return {
        observation: { x },
        action: { kind: 'custom', size: 1, command: () => [] },
        reward: { near: x.square().neg() },
      }
    },
  })

/** a leg is to hop: model.simcrank beside this file */
const hopper = () =>
  defineTask({
    name: 'leg',
    model: fileURLToPath(new URL('./model.simcrank', import.meta.url)),
    frameSkip: 4,
    episodeLength: 40,
    define: s => ({
      observation: { qpos: s.qpos, qvel: s.qvel },
      action: { kind: 'torque', noise: 0.1 },
      reward: { up: s.jointPos('height').unitless(), effort: s.actions.squared().mul(-0.01) },
      terminated: { fell: s.jointPos('hip').abs().gt(1.2) },
      reset: { qpos: s.initial.qpos.map(q => q.add(s.uniform(-0.1, 0.1))) },
    }),
  })

const run =
  kind === 'quadratic'
    ? quadratic({ ...common, episodes: 1, keep })
    : train(kind === 'rollout' ? hold() : hopper(), {
        ...common,
        ...keep,
        policy: 'mlp:4',
        methodOptions: { popsize: 16 },
        evaluation: { every: 3, episodes: 8 },
        rangeSize: 4,
        workers: 2,
      })
const { stopped } = await run.finish()
say(`stopped ${stopped.code}`)
