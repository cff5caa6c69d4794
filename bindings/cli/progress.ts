import cliProgress from 'cli-progress'
import pc from 'picocolors'
import { significant } from '../report/format.js'
import type { Progress } from '../sysid/search.js'
import type { Io } from './io.js'

/** What is shown while a fit runs. */
export interface ProgressView {
  update(progress: Progress): void
  stop(): void
}

/** A bar on stderr when that is a terminal; nothing otherwise. */
export function openProgress(io: Io): ProgressView {
  if (!io.interactive) return { update: () => {}, stop: () => {} }
  const { dim } = pc.createColors(true)
  const bar = new cliProgress.SingleBar({
    format: `{stage} {bar} {value}/{total} ${dim('evaluations, cost')} {cost} ${dim('{duration_formatted}')}`,
    stream: process.stderr,
    hideCursor: true,
    clearOnComplete: true,
    etaBuffer: 20,
  })
  let started = false
  return {
    update: ({ stage, evaluations, maxEvaluations, cost }) => {
      const payload = { stage: stage.padEnd(12), cost: significant(cost) }
      if (!started) bar.start(maxEvaluations, 0, payload)
      started = true
      bar.update(Math.min(evaluations, maxEvaluations), payload)
    },
    stop: () => {
      if (started) bar.stop()
    },
  }
}
