import { existsSync, readdirSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { ParameterSpace } from '../../bindings/model/parameters.js'
import { parseSpace } from '../../bindings/model/spec.js'
import { type Recording, readRecording } from '../../bindings/recording/index.js'
import { type IdentifyOptions, type IdentifyResult, identify } from '../../bindings/sysid/index.js'

const repository = fileURLToPath(new URL('../..', import.meta.url))
const data = path.resolve(repository, '../shared/data')

/** True where the recordings of real machines are: they are not part of the project. */
export const hasData = existsSync(data)
export const NO_DATA = 'the recordings in ../shared/data are not here'

type Values = Readonly<Record<string, number>>

/** A folder of examples/robots: a model, its parameters, and what the published and our values are. */
export interface Robot {
  readonly folder: string
  readonly model: Model
  readonly space: ParameterSpace
  readonly nominal: Values
  readonly identified: Values
}

export async function openRobot(name: string): Promise<Robot> {
  const folder = path.join(repository, 'examples', 'robots', name)
  const text = (file: string): Promise<string> => readFile(path.join(folder, file), 'utf8')
  const model = await loadModel(path.join(folder, 'model.xml'))
  const space = ParameterSpace.from(model, parseSpace(await text('space.json'), `${name}/space.json`))
  return {
    folder,
    model,
    space,
    nominal: JSON.parse(await text('nominal.json')),
    identified: JSON.parse(await text('identified.json')),
  }
}

/** Recordings of a folder of the data whose file names match, in order of name. */
export async function recordings(
  robot: Robot,
  folder: string,
  pattern: RegExp,
  map = 'map.json',
): Promise<Recording[]> {
  const files = readdirSync(path.join(data, folder)).filter(file => pattern.test(file))
  return Promise.all(
    files.sort().map(file => readRecording(path.join(data, folder, file), { map: path.join(robot.folder, map) })),
  )
}

/** Scores values; nothing is fitted. */
export function score(
  robot: Robot,
  logs: readonly Recording[],
  theta: Values,
  options: IdentifyOptions,
): Promise<IdentifyResult> {
  return identify(robot.model, logs, robot.space, { ...options, theta })
}

/** RMSE of a channel over the samples of all recordings, SI. */
export function pooled(result: IdentifyResult, channel: string): number {
  const own = result.errors.filter(error => error.channel === channel)
  const samples = own.reduce((sum, error) => sum + error.samples, 0)
  return Math.sqrt(own.reduce((sum, error) => sum + error.after.rmse * error.after.rmse * error.samples, 0) / samples)
}

/** Mean of the RMSEs of every recording and channel. */
export function meanError(result: IdentifyResult): number {
  return result.errors.reduce((sum, error) => sum + error.after.rmse, 0) / result.errors.length
}

/** Mean over recordings of the time-mean of |error|: every second weighs alike, whatever the log's rate. */
export function timeMeanError(result: IdentifyResult): number {
  let sum = 0
  for (const { time, measured, after } of result.traces) {
    let area = 0
    for (let i = 1; i < time.length; i++) {
      const [a, b] = [i - 1, i].map(k => Math.abs(after[k] - measured[k]))
      area += 0.5 * (a + b) * (time[i] - time[i - 1])
    }
    sum += area / (time[time.length - 1] - time[0])
  }
  return sum / result.traces.length
}
