/**
 * A training run that a test kills: `node victim.mjs FOLDER GENERATIONS [AT]`. It says every generation and every warning in a
 * line. AT is where it waits for its end: a number of generations, or STAGE:N, the N-th time a file's writing comes to that stage.
 */
import { writeSync } from 'node:fs'
import type { WriteStage } from '../../bindings/train/folder.js'
import { quadratic } from './quadratic.js'

const [folder, generations, at = ''] = process.argv.slice(2)
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
const training = quadratic({
  generations: Number(generations),
  episodes: 1,
  keep: {
    folder,
    resume: true,
    checkpointEvery: 2,
    hook: (now: WriteStage) => {
      if (now === stage && ++seen === Number(nth)) wait()
    },
  },
  onProgress: ({ generation }) => {
    say(`generation ${generation}`)
    if (++done === Number(at)) wait()
  },
  onWarning: words => say(`warning ${words}`),
})
const { stopped } = await training.finish()
say(`stopped ${stopped.code}`)
