/** Families of tasks: what tells one of a family from another is drawn for an episode, or given to it. */
import type { Expr, Scope, Vec } from '../task/index.js'

export interface FamilyOptions {
  /**
   * false (default): every episode draws its own. true: it is an input of the episode, and the task's name ends in
   * '-given'. It is not observed either way: a policy has to find it out or be adapted to it
   */
  readonly given?: boolean
}

/** Name of a task of a family. */
export const familyName = (name: string, { given = false }: FamilyOptions): string => (given ? `${name}-given` : name)

/** The numbers `name` of an episode: drawn as `reset` says, or the input of that name, by default `otherwise`. */
export function hidden(
  s: Scope,
  name: string,
  { given = false }: FamilyOptions,
  reset: readonly Expr[],
  otherwise: readonly number[],
): Vec {
  return given ? s.input(name, reset.length, otherwise) : s.variable(name, { reset })
}
