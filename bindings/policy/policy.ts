import { SizeError, TaskError } from '../errors.js'
import { memorySize, type Network } from '../program.js'
import { forward } from './forward.js'
import { Normalizer } from './normalizer.js'

/** What goes with a policy to whoever runs it. */
export interface PolicyMeta {
  /** name of the task it was trained on */
  readonly task?: string
  /** seconds from one action to the next */
  readonly controlPeriod?: number
  /** unit of each observation (nobs) */
  readonly observationUnits?: readonly string[]
  /** unit of each action (nact), before the task's action mapping */
  readonly actionUnits?: readonly string[]
  /** anything else, as JSON keeps it: the action mapping, the run's seed, the return reached */
  readonly notes?: Readonly<Record<string, unknown>>
}

export interface PolicyInit {
  readonly network: Network
  /** parameters (nparam), in the layout of Layer */
  readonly theta: ArrayLike<number>
  /** default: none, the network sees observations as they are */
  readonly normalizer?: Normalizer
  /** name of each observation (nobs); default obs[0] … */
  readonly observation?: readonly string[]
  /** name of each action (nact); default action[0] … */
  readonly action?: readonly string[]
  readonly meta?: PolicyMeta
}

/**
 * A trained controller: architecture, parameters and observation normaliser. Immutable; memory of recurrent layers is the
 * caller's, so one Policy serves any number of robots.
 *
 * A policy conditioned on physics or on a latent needs nothing of its own: its task lists `s.param('body/torso/mass')` or
 * `s.input('z', 4)` among the observations, and the network sees them in that place, by name.
 */
export class Policy {
  readonly network: Network
  readonly theta: Float32Array
  readonly normalizer: Normalizer
  readonly observation: readonly string[]
  readonly action: readonly string[]
  readonly meta: PolicyMeta
  /** numbers of memory one robot or world needs; 0 for a policy without recurrent layers */
  readonly nmemory: number

  /**
   * @throws {SizeError} POLICY_SIZE when lengths do not fit the network
   * @throws {TaskError} POLICY_VALUE when a parameter is not finite, in single precision
   */
  constructor({ network, theta, normalizer, observation, action, meta }: PolicyInit) {
    const { nobs, nact, nparam } = network
    checkLength('theta', theta.length, nparam)
    this.network = network
    this.theta = Float32Array.from(theta)
    const wrong = this.theta.findIndex(x => !Number.isFinite(x))
    if (wrong >= 0)
      throw new TaskError('POLICY_VALUE', `theta: parameter ${wrong} is ${theta[wrong]}, expected finite numbers`)
    this.normalizer = normalizer ?? Normalizer.empty(nobs, 'none')
    checkLength('normalizer', this.normalizer.nobs, nobs)
    this.observation = names('observation', observation, 'obs', nobs)
    this.action = names('action', action, 'action', nact)
    this.meta = plainMeta(meta ?? {})
    checkLength('observationUnits', this.meta.observationUnits?.length ?? nobs, nobs)
    checkLength('actionUnits', this.meta.actionUnits?.length ?? nact, nact)
    const period = this.meta.controlPeriod
    if (period !== undefined && !(period > 0 && Number.isFinite(period)))
      throw new TaskError('POLICY_VALUE', `controlPeriod: got ${period} s, expected a positive number`)
    this.nmemory = memorySize(network)
  }

  /** The same with other parameters, normaliser or meta. */
  with(changes: Partial<Omit<PolicyInit, 'network'>>): Policy {
    return new Policy({ ...this, ...changes })
  }

  /** Memory of n robots or worlds at the start of an episode: zeros (n, nmemory). To start anew, fill it with 0. */
  memory(n = 1): Float32Array {
    return new Float32Array(n * this.nmemory)
  }

  /**
   * Actions for observations: one or many at once.
   *
   * As the kernels compute them, in single precision and their order; tanh and its kin within their last bits.
   *
   * @param observations (nobs) or (n, nobs), raw; NaN goes through to the action
   * @param memory (n, nmemory), replaced by what is remembered; required when the policy has memory
   * @returns (nact) or (n, nact), as the network gives them: scaling and limits are the task's action mapping
   * @throws {SizeError} POLICY_SIZE
   */
  act(observations: ArrayLike<number>, memory?: Float32Array): Float32Array {
    const { network, theta, normalizer, nmemory } = this
    const { nobs, nact } = network
    const n = observations.length / nobs
    if (!Number.isInteger(n) || n === 0)
      throw new SizeError(
        'POLICY_SIZE',
        `observations: got length ${observations.length}, expected n * nobs = n * ${nobs}`,
      )
    if (memory === undefined && nmemory > 0)
      throw new SizeError(
        'POLICY_SIZE',
        `memory: this policy remembers ${nmemory} numbers; give it policy.memory(${n})`,
      )
    const state = memory ?? new Float32Array(0)
    if (state.length !== n * nmemory)
      throw new SizeError('POLICY_SIZE', `memory: got length ${state.length}, expected n * nmemory = ${n} * ${nmemory}`)
    const actions = new Float32Array(n * nact)
    const x = new Float32Array(nobs)
    for (let i = 0; i < n; i++) {
      normalizer.apply(observations, x, i * nobs)
      forward(network, theta, x, state, i * nmemory, actions, i * nact)
    }
    return actions
  }
}

function checkLength(what: string, got: number, expected: number): void {
  if (got !== expected) throw new SizeError('POLICY_SIZE', `${what}: got length ${got}, expected ${expected}`)
}

/** Names, unique so that a log can be matched by them. */
function names(what: string, given: readonly string[] | undefined, prefix: string, count: number): readonly string[] {
  if (given === undefined) return Array.from({ length: count }, (_, i) => `${prefix}[${i}]`)
  checkLength(`names of ${what}`, given.length, count)
  const seen = new Set<string>()
  const twice = given.find(name => seen.size === seen.add(name).size)
  if (twice !== undefined) throw new TaskError('POLICY_VALUE', `names of ${what}: '${twice}' stands twice`)
  return [...given]
}

/** A copy that saving and reading does not change. */
function plainMeta(meta: PolicyMeta): PolicyMeta {
  try {
    return JSON.parse(JSON.stringify(meta))
  } catch (cause) {
    throw new TaskError('POLICY_VALUE', 'meta: JSON cannot hold it', { cause })
  }
}
