/**
 * The benchmark scenes and the two simulators that play them: the same model text, integrator Euler, controls redrawn and
 * worlds reset as the protocol file says. What is timed is an episode: reset, then controls and steps, as a user writes it.
 */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Batch, createBatch } from '../bindings/engine/index.js'
import { loadModel } from '../bindings/model/load.js'
import { type Oracle, openOracle } from '../test/support/oracle.js'
import { seconds } from './timing.js'

export interface Scene {
  readonly id: string
  readonly file: string
  /** physics steps a control */
  readonly fs: number
  /** part of the control range that controls are drawn from */
  readonly cs: number
  /** physics steps between resets */
  readonly reset: number
  /** keyframe that an episode starts from */
  readonly key?: number
}

const models = fileURLToPath(new URL('../../shared/models/', import.meta.url))

/** the protocol's scenes, and the swimmer, which it leaves out: as its environment plays it */
export const scenes = (): Scene[] => [
  ...(JSON.parse(readFileSync(`${models}protocol.json`, 'utf8')) as Scene[]),
  { id: 'swimmer', file: 'swimmer', fs: 4, cs: 1, reset: 1000 },
]

export function sceneOf(id: string): Scene {
  const scene = scenes().find(s => s.id === id)
  if (scene === undefined)
    throw new Error(
      `no scene '${id}': there are ${scenes()
        .map(s => s.id)
        .join(', ')}`,
    )
  return scene
}

/** A scene's model text; a later option overrides an earlier one, and leaves the others as they are. */
export const sceneXml = (scene: Scene): string =>
  readFileSync(`${models}${scene.file}.xml`, 'utf8').replace('</mujoco>', '<option integrator="Euler"/></mujoco>')

/** deterministic uniform numbers in [0, 1) (xorshift) */
export function uniformTable(n: number, seed = 1): Float64Array {
  let x = seed >>> 0 || 1
  return Float64Array.from({ length: n }, () => {
    x ^= x << 13
    x >>>= 0
    x ^= x >>> 17
    x ^= x << 5
    x >>>= 0
    return x / 4294967296
  })
}

/** What a scene's controls are drawn around and how far. */
interface ControlRange {
  readonly nu: number
  /** (nu, 2) */
  readonly range: ArrayLike<number>
  /** (nu) control of the keyframe, where the scene starts from one */
  readonly key?: ArrayLike<number>
}

/** periods of controls before they repeat */
const PERIODS = 997

/**
 * Controls for `nworld` worlds: a row per world, uniform over `cs` times the control range about its middle or, where the
 * scene starts from a keyframe, about that control. One table serves all periods: each begins at another row of it.
 */
export class Controls {
  readonly nu: number
  readonly #table: Float32Array
  readonly #nworld: number
  readonly #start: Int32Array
  #period = 0

  constructor(scene: Scene, { nu, range, key }: ControlRange, nworld: number) {
    const nrow = nworld + PERIODS
    const u = uniformTable(nrow * nu)
    this.nu = nu
    this.#nworld = nworld
    this.#table = Float32Array.from(u, (x, i) => {
      const k = i % nu
      const [low, high] = [range[2 * k], range[2 * k + 1]]
      return (key ? key[k] : (low + high) / 2) + scene.cs * (high - low) * (x - 0.5)
    })
    this.#start = Int32Array.from(uniformTable(PERIODS, 2), x => Math.floor(PERIODS * x))
  }

  /** (nworld, nu) of the next control period; a view */
  next(): Float32Array {
    const at = this.#start[this.#period++ % PERIODS] * this.nu
    return this.#table.subarray(at, at + this.#nworld * this.nu)
  }
}

/** A simulator with its worlds of one scene. */
export interface Side {
  readonly name: string
  readonly nworld: number
  /** puts every world back to the start */
  restart(): void
  /** writes the controls of the next control period */
  control(): void
  /** that many physics steps of every world */
  advance(steps: number): Promise<void> | void
  [Symbol.dispose](): void
}

/** Our worlds of a scene. */
export interface OurSide extends Side {
  readonly batch: Batch
}

export async function ours(scene: Scene, nworld: number, workers = 1): Promise<OurSide> {
  const model = await loadModel(sceneXml(scene))
  const batch = await createBatch(model, { nworld, workers })
  const { key } = scene
  const { nu } = model
  const start = key === undefined ? {} : { keyframe: key }
  const keyed = key === undefined ? undefined : Array.from(model.field.key_ctrl).slice(key * nu, (key + 1) * nu)
  const controls = new Controls(scene, { nu, range: model.field.actuator_ctrlrange, key: keyed }, nworld)
  return {
    name: 'simcrank',
    nworld,
    batch,
    restart: () => batch.reset(start),
    control() {
      if (nu > 0) batch.set('ctrl', controls.next())
    },
    advance: steps => batch.step(steps),
    [Symbol.dispose]: () => batch.dispose(),
  }
}

/** MuJoCo's one world of a scene. */
export interface MujocoSide extends Side {
  readonly oracle: Oracle
}

export async function mujocoSide(scene: Scene): Promise<MujocoSide> {
  const oracle = await openOracle(sceneXml(scene))
  const { mj, model, data, nu } = oracle
  const keyed = scene.key === undefined ? undefined : oracle.get('key_ctrl').subarray(scene.key * nu)
  const controls = new Controls(scene, { nu, range: oracle.get('actuator_ctrlrange'), key: keyed }, 1)
  // a view of MuJoCo's memory, taken anew each episode, because the memory moves when it grows
  let ctrl = data.ctrl as Float64Array
  return {
    name: '@mujoco/mujoco',
    nworld: 1,
    oracle,
    restart() {
      oracle.reset(scene.key)
      ctrl = data.ctrl as Float64Array
    },
    control() {
      if (nu > 0) ctrl.set(controls.next())
    },
    advance(steps) {
      for (let i = 0; i < steps; i++) mj.mj_step(model, data)
    },
    [Symbol.dispose]: () => oracle.dispose(),
  }
}

/** physics steps between resets, whole control periods */
export const episodeSteps = (scene: Scene): number => scene.fs * Math.ceil(scene.reset / scene.fs)

/** Plays one episode. */
export async function episode(side: Side, scene: Scene): Promise<void> {
  side.restart()
  for (let step = 0; step < scene.reset; step += scene.fs) {
    side.control()
    const pending = side.advance(scene.fs)
    if (pending) await pending
  }
}

/**
 * World-steps per second of a side. Whole episodes, because contacts come late in them.
 *
 * @param target seconds to measure at least
 */
export async function rate(side: Side, scene: Scene, target: number, now = seconds): Promise<number> {
  const start = now()
  let episodes = 0
  let spent: number
  do {
    await episode(side, scene)
    episodes++
    spent = now() - start
  } while (spent < target)
  return (episodes * episodeSteps(scene) * side.nworld) / spent
}

export interface Timing {
  /** seconds each side runs before it counts, at least an episode */
  readonly warm: readonly number[]
  /** seconds of a turn, at least */
  readonly slice: number
  readonly turns: number
  readonly now?: () => number
}

/**
 * Sides take turns: first, second, …, first, second, …
 *
 * @returns steps per second (sides, turns)
 */
export async function takeTurns(sides: readonly Side[], scene: Scene, timing: Timing): Promise<number[][]> {
  for (let k = 0; k < sides.length; k++) await rate(sides[k], scene, timing.warm[k], timing.now)
  const rates: number[][] = sides.map(() => [])
  for (let turn = 0; turn < timing.turns; turn++) {
    for (let k = 0; k < sides.length; k++) rates[k].push(await rate(sides[k], scene, timing.slice, timing.now))
  }
  return rates
}
