/**
 * Mistakes found while an expression is built. A mistake is not thrown at once: it stays in the expression, so that the
 * error can name the term in which the expression ends up.
 */

/** Codes of TaskError. */
export type TaskCode =
  | 'NAME_UNKNOWN'
  | 'UNIT_MISMATCH'
  | 'SHAPE'
  | 'SEGMENT'
  | 'DUPLICATE'
  | 'VALUE'
  | 'UNSUPPORTED'
  | 'ACTION'
  | 'TERM'
  | 'CYCLE'

export interface Fault {
  readonly code: TaskCode
  readonly message: string
}

const FAULT = Symbol('fault')
/** as many as any destructuring takes */
const ITEMS = 64

/** Stands in for an expression that makes no sense, whatever is done with it. */
export function poison<T>(code: TaskCode, message: string): T {
  const fault: Fault = { code, message }
  const self: unknown = new Proxy(() => {}, {
    get: (_target, key) => {
      if (key === FAULT) return fault
      if (key === Symbol.iterator) {
        return function* items() {
          for (let i = 0; i < ITEMS; i++) yield self
        }
      }
      if (key === 'length') return 0
      return key === 'then' || typeof key === 'symbol' ? undefined : self
    },
    apply: () => self,
  })
  return self as T
}

/** The mistake in a value, if it is one. */
export function faultOf(value: unknown): Fault | undefined {
  return typeof value === 'function' ? (value as { [FAULT]?: Fault })[FAULT] : undefined
}

/** The first of these values that is a mistake. */
export function firstFault<T>(values: Iterable<unknown>): T | undefined {
  for (const value of values) if (faultOf(value) !== undefined) return value as T
  return undefined
}
