import * as assert from 'uvu/assert'
import { TOLERANCE } from '../../bindings/cli/check-compare.js'
import { examineCorpus, type Verdict } from '../../bindings/cli/check-corpus.js'

/** `simcrank check --corpus` of a folder, 100 steps from settled states. */
export function verdicts(folder: string, worlds: number): Promise<Verdict[]> {
  const options = { worlds, steps: 100, seed: 1, workers: 1, timeout: 120 }
  return examineCorpus(folder, options, new AbortController().signal)
}

/** The promises of agreement, asserted one by one: the verdict alone would trust the command's own judgement. */
export function agrees(found: readonly Verdict[], file: string, worlds: number): void {
  const verdict = found.find(it => it.file === file)
  if (verdict === undefined) throw new Error(`${file} is not there`)
  if (verdict.verdict === 'refused') throw new Error(`refused: ${verdict.reasons.join('; ')}`)
  if (!('comparison' in verdict)) throw new Error(`${verdict.verdict}: ${verdict.message}`)
  const { comparison } = verdict
  assert.equal(comparison.disagreements, [])
  assert.is(comparison.states, worlds)
  for (const kind of ['qacc', 'sensordata', 'cost'] as const) {
    const { p99, explained, unexplained } = comparison[kind]
    assert.ok(unexplained <= 0.01 * worlds, `${kind}: ${unexplained} unexplained`)
    // where MuJoCo itself is unsure of more than 1 % of the states, the percentile says nothing
    const limit = kind === 'qacc' ? TOLERANCE.qaccBoxes : TOLERANCE[kind]
    if (explained === 0) assert.ok(p99 <= limit, `${kind}: 99 % within ${p99}`)
  }
  for (const kind of ['contacts', 'rows'] as const) {
    const { simcrank, mujoco } = comparison[kind]
    assert.ok(Math.abs(simcrank - mujoco) <= 0.02 * mujoco, `${kind}: ${simcrank}, in MuJoCo ${mujoco}`)
  }
  assert.is(comparison.trajectory.unexplained, 0, `trajectory: ${comparison.trajectory.max}`)
}
