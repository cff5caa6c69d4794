import { ParameterError } from '../errors.js'

/** A parsed JSON document that remembers where each value stands. */
export interface Located {
  readonly value: unknown
  /** `line:column` of the value at a path of keys, as `where('parameters', 2, 'min')`; of the nearest one around it that exists */
  where(...path: readonly (string | number)[]): string
}

/** Deepest nesting accepted, so that hostile text cannot exhaust the stack. */
const MAX_DEPTH = 100

/**
 * Parse JSON strictly (RFC 8259), refusing a key given twice, and keep the position of every value for messages.
 *
 * @param place what the text is, e.g. its file name
 * @throws {ParameterError} JSON with line and column
 */
export function parseLocated(text: string, place?: string): Located {
  const offsets = new Map<string, number>()
  let at = 0

  const position = (offset: number): string => {
    const before = text.slice(0, offset).split('\n')
    return `${before.length}:${before[before.length - 1].length + 1}`
  }
  const fail = (message: string, offset = at): never => {
    const where = position(offset)
    throw new ParameterError('JSON', message, { place: place === undefined ? `line ${where}` : `${place}:${where}` })
  }
  const space = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text[at])) at++
  }
  const found = (): string => (at < text.length ? `'${text[at]}'` : 'the end of the text')
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    const hit = pattern.exec(text)?.[0]
    if (hit !== undefined) at += hit.length
    return hit
  }

  const string = (): string => {
    const start = at
    const raw = match(/"(?:[^"\\]|\\.)*"/sy)
    if (raw === undefined) return fail('this string has no closing "', start)
    try {
      return JSON.parse(raw) as string
    } catch {
      return fail('this string holds a control character or an unknown escape', start)
    }
  }

  const value = (path: string, depth: number): unknown => {
    if (depth > MAX_DEPTH) return fail('it is nested too deeply')
    space()
    offsets.set(path, at)
    const char = text[at]
    if (char === '{') return object(path, depth)
    if (char === '[') return array(path, depth)
    if (char === '"') return string()
    const number = match(/-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y)
    if (number !== undefined) return Number(number)
    const word = match(/true|false|null/y)
    if (word !== undefined) return word === 'null' ? null : word === 'true'
    return fail(`expected a JSON value, got ${found()}`)
  }

  const object = (path: string, depth: number): Record<string, unknown> => {
    // no prototype: a key may be called __proto__
    const result: Record<string, unknown> = Object.create(null)
    at++
    space()
    if (text[at] === '}') {
      at++
      return result
    }
    for (;;) {
      space()
      if (text[at] !== '"') return fail(`expected a key in double quotes, got ${found()}`)
      const start = at
      const key = string()
      if (key in result) return fail(`the key '${key}' is given twice`, start)
      space()
      if (text[at] !== ':') return fail(`expected ':' after the key '${key}', got ${found()}`)
      at++
      result[key] = value(child(path, key), depth + 1)
      space()
      if (text[at] === '}') break
      if (text[at] !== ',') return fail(`expected ',' or '}', got ${found()}`)
      at++
    }
    at++
    return result
  }

  const array = (path: string, depth: number): unknown[] => {
    const result: unknown[] = []
    at++
    space()
    if (text[at] === ']') {
      at++
      return result
    }
    for (;;) {
      result.push(value(child(path, result.length), depth + 1))
      space()
      if (text[at] === ']') break
      if (text[at] !== ',') return fail(`expected ',' or ']', got ${found()}`)
      at++
    }
    at++
    return result
  }

  // a byte order mark is not part of the text
  if (text.charCodeAt(0) === 0xfeff) at++
  const root = value('', 0)
  space()
  if (at < text.length) fail(`nothing may follow the value, got ${found()}`)
  return {
    value: root,
    where: (...path) => {
      for (let n = path.length; n > 0; n--) {
        const offset = offsets.get(path.slice(0, n).reduce<string>(child, ''))
        if (offset !== undefined) return position(offset)
      }
      return position(offsets.get('') ?? 0)
    },
  }
}

/** keys of nested values joined so that no key can imitate another path */
const child = (path: string, key: string | number): string => `${path}\u0000${key}`
