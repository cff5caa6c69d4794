/** Tasks: what a policy sees, does and is rewarded for in the worlds of a model. */
import { type Layout, layOut, topology } from '../engine/layout.js'
import { nearestHint } from '../model/glob.js'
import { loadModel } from '../model/load.js'
import type { Model } from '../model/model.js'
import { MAX_EPISODE, type Program } from '../program.js'
import { type ActionShape, actionShape } from './action.js'
import { type Compiled, compileTerms } from './compile.js'
import { emptyModel } from './empty-model.js'
import { fail, type TaskInput } from './memory.js'
import { Scope, type ScopeSetting } from './scope.js'
import type { TaskTerms } from './terms.js'
import { toWgsl, type WgslOptions } from './wgsl.js'

export interface TaskOptions {
  readonly name: string
  /** a Model, or what loadModel takes: MJCF text, a path, a URL. Default: no physics, an empty model; frameSkip is 0 then */
  readonly model?: string | URL | Model
  /** timesteps per control step; 0 for a task without physics */
  readonly frameSkip: number
  /** control steps after which an episode is cut off */
  readonly episodeLength: number
  /** keyframe an episode starts from, by name or number; default qpos0 at rest */
  readonly keyframe?: string | number
  /** control period of a task without physics, s; default 0.01 */
  readonly timestep?: number
  /** mean return that counts as solved */
  readonly solved?: number
  /** what the task is, for reports */
  readonly description?: string
  /** the terms of the task. Called more than once: it must do the same each time */
  define(s: Scope): TaskTerms
}

/** Names of what a task computes, in the order of the program. */
export interface TaskNames {
  /** 'hip', or 'gyro[0]' … for vectors (nobs) */
  readonly observation: readonly string[]
  /** reward terms (nterm) */
  readonly terms: readonly string[]
  readonly metrics: readonly string[]
  /** conditions that end an episode; the program or-s them */
  readonly terminated: readonly string[]
  /** components of the action (nact): their actuators, or 'action[0]' … */
  readonly action: readonly string[]
}

/** Units in the same order; '' where a quantity goes with every unit. */
export interface TaskUnits {
  readonly observation: readonly string[]
  readonly terms: readonly string[]
  readonly metrics: readonly string[]
}

export interface TaskDescription {
  readonly name: string
  readonly nobs: number
  readonly nact: number
  readonly names: TaskNames
  readonly units: TaskUnits
  readonly inputs: readonly TaskInput[]
  /** control period of the model's own timestep, s */
  readonly dt: number
  readonly episodeLength: number
}

/** How commands are delayed on their way to the controls. */
export interface CommandDelay {
  /** s, the same in every world; undefined: each command as `of` says */
  readonly seconds: number | undefined
  /** actuator whose actuator_delay applies to each command; -1: none (ncommand) */
  readonly of: Int32Array
}

/** A task compiled for one model. */
export interface CompiledTask extends TaskDescription {
  readonly program: Program
  /** what the program was compiled for: where the model's quantities lie */
  readonly layout: Layout
  readonly delay: CommandDelay
  /** standard deviation of noise on every component of the action */
  readonly actionNoise: number
  /** keyframe an episode starts from; -1: qpos0 at rest */
  readonly keyframe: number
  readonly frameSkip: number
  /** the program in single assignment @internal */
  readonly compiled: Compiled
  /** the same program for a GPU: one function a segment over [quantity][world] buffers (task/wgsl.ts) */
  wgsl(options?: WgslOptions): string
}

/** nact while it is not known yet: more components than any action has */
const PROVISIONAL = 256

export class Task {
  readonly name: string
  readonly frameSkip: number
  readonly episodeLength: number
  readonly solved: number | undefined
  readonly options: TaskOptions

  /** @internal use defineTask */
  constructor(options: TaskOptions) {
    this.options = options
    this.name = options.name
    this.frameSkip = options.frameSkip
    this.episodeLength = options.episodeLength
    this.solved = options.solved
  }

  /**
   * The model of the task.
   *
   * @throws {ModelError} as loadModel does
   */
  async load(): Promise<Model> {
    const { model, timestep } = this.options
    if (model === undefined) return emptyModel(timestep)
    return typeof model === 'string' || model instanceof URL ? loadModel(model) : model
  }

  /**
   * Names, units and sizes of the task in a model.
   *
   * @throws {TaskError} as compile does
   */
  describe(model: Model): TaskDescription {
    const { name, nobs, nact, names, units, inputs, dt, episodeLength } = this.compile(model)
    return { name, nobs, nact, names, units, inputs, dt, episodeLength }
  }

  /**
   * The task as a program for the kernels.
   *
   * @param layout where the quantities of the model lie in the engine's memory; default that of a batch of it
   * @throws {TaskError} NAME_UNKNOWN, UNIT_MISMATCH, SHAPE, SEGMENT, DUPLICATE, VALUE, UNSUPPORTED, ACTION, TERM, CYCLE;
   *   `place` is the term: 'reward.forward', 'observation.hip', 'variable.goal', 'action'
   */
  compile(model: Model, layout: Layout = layOut(topology(model, new Set()).sizes)): CompiledTask {
    const { options, frameSkip, name, episodeLength } = this
    const keyframe = this.#keyframe(model)
    const setting = { model, frameSkip, keyframe }
    // how many components the action has is known once the terms are
    const guess = this.#define({ ...setting, nact: PROVISIONAL + model.nu, clip: undefined })
    const shape: ActionShape = actionShape(model, guess.terms.action)
    const { scope, terms } = this.#define({ ...setting, ...shape })
    const compiled = compileTerms(scope, terms, model, layout)
    const { action, program } = compiled
    const nameOf = (list: readonly { readonly name: string }[]): string[] => list.map(term => term.name)
    const unitOf = (list: Compiled['rewards']): string[] => list.map(term => term.expr.unit)
    return {
      name,
      nobs: program.observation.length,
      nact: program.nact,
      names: {
        observation: nameOf(compiled.observations),
        terms: nameOf(compiled.rewards),
        metrics: nameOf(compiled.metrics),
        terminated: nameOf(compiled.terminations),
        action: [...action.names],
      },
      units: {
        observation: unitOf(compiled.observations),
        terms: unitOf(compiled.rewards),
        metrics: unitOf(compiled.metrics),
      },
      inputs: scope.memory.inputs,
      dt: model.field.opt_timestep[0] * Math.max(frameSkip, 1),
      episodeLength,
      program,
      layout,
      delay: { seconds: action.delay, of: action.delayOf },
      actionNoise: action.noise,
      keyframe,
      frameSkip: options.frameSkip,
      compiled,
      wgsl: wgslOptions => toWgsl(name, compiled, wgslOptions),
    }
  }

  #define(setting: ScopeSetting): { scope: Scope; terms: TaskTerms } {
    const scope = new Scope(setting)
    try {
      const terms = this.options.define(scope)
      if (typeof terms !== 'object' || terms === null) fail('TERM', 'define returned no terms', 'define')
      return { scope, terms }
    } catch (error) {
      // a wrong name may be why
      scope.checkNames()
      throw error
    }
  }

  #keyframe(model: Model): number {
    const { keyframe } = this.options
    if (keyframe === undefined) return -1
    const id = typeof keyframe === 'number' ? keyframe : model.names.key.indexOf(keyframe)
    if (Number.isInteger(id) && id >= 0 && id < model.nkey) return id
    const known = model.names.key.map((n, i) => n || String(i))
    return fail('NAME_UNKNOWN', `no keyframe '${keyframe}'${nearestHint(String(keyframe), known)}`, 'keyframe')
  }
}

/**
 * A task from its terms.
 *
 * @throws {TaskError} VALUE when a number of the options makes no sense
 */
export function defineTask(options: TaskOptions): Task {
  const { name, frameSkip, episodeLength, model, timestep, solved } = options
  const check = (holds: boolean, what: string, value: unknown, expected: string): void => {
    if (!holds) fail('VALUE', `${what}: got ${value}, expected ${expected}`, name)
  }
  check(typeof name === 'string' && name !== '', 'name', JSON.stringify(name), 'a name')
  const physics = model !== undefined
  check(
    Number.isInteger(frameSkip) && (physics ? frameSkip >= 1 : frameSkip === 0),
    'frameSkip',
    frameSkip,
    physics ? 'a positive integer' : '0, as there is no model',
  )
  check(
    Number.isInteger(episodeLength) && episodeLength >= 1 && episodeLength <= MAX_EPISODE,
    'episodeLength',
    episodeLength,
    `a whole number from 1 to ${MAX_EPISODE}`,
  )
  check(timestep === undefined || !physics, 'timestep', timestep, 'none, as the model has its own')
  check(timestep === undefined || (timestep > 0 && Number.isFinite(timestep)), 'timestep', timestep, 'seconds above 0')
  check(solved === undefined || Number.isFinite(solved), 'solved', solved, 'a finite return')
  check(typeof options.define === 'function', 'define', typeof options.define, 'a function')
  return new Task(options)
}
