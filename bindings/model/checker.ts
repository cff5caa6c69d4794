import { ParameterError } from '../errors.js'
import { nearestHint } from './glob.js'
import type { Located } from './json.js'

/** a step into a document: a key or an index */
export type Key = string | number

/** Reads an unknown value strictly and of one document: what is wrong, and where in it (line and column when it was text) */
export class Checker {
  constructor(
    private readonly located: Located | undefined,
    private readonly place: string | undefined,
  ) {}

  fail(path: readonly Key[], message: string): never {
    const words = path.map((k, i) => (typeof k === 'number' ? `[${k}]` : i === 0 ? k : `.${k}`)).join('')
    const at = this.located?.where(...path)
    const file = at === undefined ? this.place : this.place === undefined ? `line ${at}` : `${this.place}:${at}`
    const place = [file, words].filter(w => w !== undefined && w !== '').join(' ')
    throw new ParameterError('SPEC', message, { place: place === '' ? undefined : place })
  }

  object(value: unknown, path: readonly Key[], what: string): Record<string, unknown> {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.fail(path, `expected ${what}, got ${show(value)}`)
    return value as Record<string, unknown>
  }

  keys(value: Record<string, unknown>, allowed: readonly string[], path: readonly Key[]): void {
    for (const key of Object.keys(value)) {
      if (!allowed.includes(key)) this.fail([...path, key], `unknown key '${key}'${nearestHint(key, allowed)}`)
    }
  }

  unknown(name: string, known: readonly string[], path: readonly Key[], what: string): never {
    return this.fail(path, `'${name}' is no ${what}${nearestHint(name, known)}`)
  }

  number(value: unknown, path: readonly Key[]): number {
    if (typeof value !== 'number') this.fail(path, `expected a number, got ${show(value)}`)
    if (!Number.isFinite(value)) this.fail(path, `${value} is not a finite number`)
    return value as number
  }

  text(value: unknown, path: readonly Key[]): string {
    if (typeof value !== 'string' || value === '') this.fail(path, `expected a text, got ${show(value)}`)
    return value as string
  }

  flag(value: unknown, path: readonly Key[]): boolean {
    if (typeof value !== 'boolean') this.fail(path, `expected true or false, got ${show(value)}`)
    return value as boolean
  }

  record<T>(
    value: unknown,
    path: readonly Key[],
    what: string,
    each: (v: unknown, p: readonly Key[]) => T,
  ): Record<string, T> {
    const object = this.object(value, path, what)
    return Object.fromEntries(Object.entries(object).map(([k, v]) => [k, each(v, [...path, k])]))
  }
}

/** A value as a message shows it. */
export function show(value: unknown): string {
  if (value === undefined) return 'nothing'
  if (value === null) return 'null'
  if (Array.isArray(value)) return 'a list'
  if (typeof value === 'object') return 'an object'
  if (typeof value === 'function') return 'a function'
  return typeof value === 'string' ? `'${value}'` : String(value)
}
