/**
 * Goals that meta-learning benchmarks put in the place of "forward": ± the velocity along x or minus the distance to a
 * velocity, as in Finn, Abbeel and Levine 2017 (cbfinn/maml_rl), or the velocity along a direction, as in Rothfuss et al.
 * 2019 and Song et al. 2020 (google-research/es_maml). Episodes have 200 control steps, as there; all other terms, starts
 * and terminations stay those of the task.
 */
import { type Expr, type ExprLike, type Scope, type Vec, vec } from '../task/index.js'
import { TURN } from './shared.js'

/**
 * - `direction`: an angle from the x axis, rad, U(0, 2 pi); reward: velocity along it
 * - `velocity`: m/s, U(0, top speed); reward: -|x velocity - goal|
 * - `forward-backward`: 1 or -1, equally likely; reward: goal times x velocity
 */
export type Goal = 'direction' | 'velocity' | 'forward-backward'

export interface GoalOptions<G extends Goal = Goal> {
  /** default: none, the task's own forward reward */
  readonly goal?: G
  /**
   * false (default): every episode draws its goal and observes it (a direction as cosine and sine). true: the goal is the
   * input `goal` of the episode and is not observed, so that a policy has to find it out or be adapted to it
   */
  readonly given?: boolean
}

const EPISODE_LENGTH = 200

/** Name, episode length and solved score of a task, which a goal changes. */
export function goalTraits(
  base: { readonly name: string; readonly episodeLength: number; readonly solved: number },
  { goal, given = false }: GoalOptions,
): { name: string; episodeLength: number; solved?: number } {
  if (goal === undefined) return base
  return { name: `${base.name}-${goal}${given ? '-given' : ''}`, episodeLength: EPISODE_LENGTH }
}

interface GoalTerms {
  /** what of the goal is observed */
  readonly observation: Readonly<Record<string, ExprLike>>
  /** @param velocity (1 or 2) along x and y, m/s */
  readonly reward: (velocity: Vec) => Expr
}

/**
 * The goal of a task as terms.
 *
 * @param topSpeed largest goal velocity, m/s
 */
export function goalOf(s: Scope, { goal, given = false }: GoalOptions, topSpeed: number): GoalTerms {
  /** one number, drawn for the episode or given to it */
  const value = (unit: string, drawn: () => Expr, otherwise: number): Expr =>
    given ? s.input('goal', undefined, otherwise).as(unit) : s.variable('goal', { reset: drawn().as(unit) })
  const observed = (...seen: ExprLike[]): GoalTerms['observation'] => (given ? {} : { goal: seen })
  if (goal === 'direction') {
    const angle = value('rad', () => s.uniform(0, TURN), 0)
    const along = vec(angle.cos(), angle.sin())
    return { observation: observed(along), reward: velocity => velocity.dot(along) }
  }
  if (goal === 'velocity') {
    const wanted = value('m/s', () => s.uniform(0, topSpeed), topSpeed / 2)
    return { observation: observed(wanted), reward: velocity => velocity.x.sub(wanted).abs().neg() }
  }
  if (goal === 'forward-backward') {
    const sign = value('1', () => s.uniform(0, 1).lt(0.5).where(1, -1), 1)
    return { observation: observed(sign), reward: velocity => velocity.x.mul(sign) }
  }
  return { observation: {}, reward: velocity => velocity.x }
}
