import { ParameterError } from '../errors.js'
import { exp, log, PI, pow } from '../math/index.js'
import { nearestHint } from './glob.js'

/** A compiled expression: the value of its names in `env` in, a number out; NaN and infinities pass through. */
export type Compiled = (env: ArrayLike<number>) => number

/** An arithmetic expression of names, parsed once. Nothing is ever evaluated as program text. */
export interface Expression {
  readonly text: string
  /** names it uses, in order of appearance, each once */
  readonly names: readonly string[]
  /**
   * @param slot index in `env` at which the value of a name will stand
   */
  compile(slot: (name: string) => number): Compiled
}

type Node =
  | { readonly op: 'number'; readonly value: number }
  | { readonly op: 'name'; readonly name: string }
  | { readonly op: 'neg' | 'call'; readonly name: string; readonly args: readonly Node[] }
  | { readonly op: '+' | '-' | '*' | '/' | '^'; readonly args: readonly [Node, Node] }

/** functions and the number of their arguments; undefined: one or more */
const FUNCTIONS: Readonly<Record<string, number | undefined>> = {
  sqrt: 1,
  abs: 1,
  exp: 1,
  log: 1,
  min: undefined,
  max: undefined,
}

/** Words an expression gives a meaning of its own; no parameter or constant can have these names. */
export const RESERVED: readonly string[] = ['pi', ...Object.keys(FUNCTIONS)]

/** Deepest nesting and most tokens accepted, so that hostile text cannot exhaust the stack. */
const MAX_DEPTH = 200
const MAX_TOKENS = 2000
/** Whole exponents up to this are multiplied out, so that x^2 is x*x to the last bit. */
const MAX_POWER = 64

interface Token {
  readonly kind: 'number' | 'name' | 'symbol' | 'end'
  readonly text: string
  readonly at: number
}

/**
 * Parse an expression: numbers, names, `+ - * / ^`, parentheses, `sqrt abs exp log(x)`, `min max(a, b, …)`, `pi`.
 * `^` binds tightest and to the right, `-x^2` is `-(x^2)`. Names are letters, digits, `_` and `.`; any other name, such as a
 * path, stands in braces: `{body/arm/mass} * 2`.
 *
 * @param place what the message calls this expression
 * @throws {ParameterError} EXPRESSION with the column and what was expected there
 */
export function parseExpression(text: string, place?: string): Expression {
  const tokens = tokenize(text, place)
  if (tokens.length > MAX_TOKENS) {
    throw new ParameterError('EXPRESSION', `an expression of ${tokens.length} words; at most ${MAX_TOKENS} are read`, {
      place,
    })
  }
  let next = 0
  let depth = 0
  const names = new Set<string>()

  const peek = (): Token => tokens[next]
  const fail = (token: Token, message: string): never => syntaxError(text, token.at, message, place)
  const expected = (token: Token, what: string): never =>
    fail(token, token.kind === 'end' ? `it ends where ${what} was expected` : `expected ${what}, got '${token.text}'`)
  const accept = (symbol: string): boolean => {
    if (peek().kind !== 'symbol' || peek().text !== symbol) return false
    next++
    return true
  }
  const expectSymbol = (symbol: string): void => {
    if (!accept(symbol)) expected(peek(), `'${symbol}'`)
  }

  const sum = (): Node => {
    let left = product()
    for (;;) {
      if (accept('+')) left = { op: '+', args: [left, product()] }
      else if (accept('-')) left = { op: '-', args: [left, product()] }
      else return left
    }
  }
  const product = (): Node => {
    let left = unary()
    for (;;) {
      if (accept('*')) left = { op: '*', args: [left, unary()] }
      else if (accept('/')) left = { op: '/', args: [left, unary()] }
      else return left
    }
  }
  const unary = (): Node => {
    if (++depth > MAX_DEPTH) fail(peek(), 'it is nested too deeply')
    const negative = accept('-')
    const node: Node = negative ? { op: 'neg', name: '-', args: [unary()] } : accept('+') ? unary() : power()
    depth--
    return node
  }
  const power = (): Node => {
    const base = atom()
    return accept('^') ? { op: '^', args: [base, unary()] } : base
  }
  const atom = (): Node => {
    const token = peek()
    if (accept('(')) {
      const inner = sum()
      expectSymbol(')')
      return inner
    }
    if (token.kind === 'number') {
      next++
      return { op: 'number', value: Number(token.text) }
    }
    if (token.kind !== 'name') return expected(token, 'a number, a name or (')
    next++
    const braced = text[token.at] === '{'
    if (!braced && accept('(')) return call(token)
    if (!braced && token.text === 'pi') return { op: 'number', value: PI }
    if (!braced && Object.hasOwn(FUNCTIONS, token.text))
      return fail(token, `the function '${token.text}' needs its arguments in ( )`)
    names.add(token.text)
    return { op: 'name', name: token.text }
  }
  const call = (token: Token): Node => {
    if (!Object.hasOwn(FUNCTIONS, token.text)) {
      fail(token, `there is no function '${token.text}'${nearestHint(token.text, Object.keys(FUNCTIONS))}`)
    }
    const args = [sum()]
    while (accept(',')) args.push(sum())
    expectSymbol(')')
    const want = FUNCTIONS[token.text]
    if (want !== undefined && args.length !== want) {
      fail(token, `'${token.text}' takes ${want} argument, got ${args.length}`)
    }
    return { op: 'call', name: token.text, args }
  }

  const root = sum()
  if (peek().kind !== 'end') expected(peek(), 'an operator')
  return { text, names: [...names], compile: slot => compile(root, slot) }
}

function syntaxError(text: string, at: number, message: string, place?: string): never {
  throw new ParameterError('EXPRESSION', `'${text}', column ${at + 1}: ${message}`, { place })
}

const NUMBER = /(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y
const NAME = /[A-Za-z_][A-Za-z0-9_.]*/y

function tokenize(text: string, place?: string): Token[] {
  const tokens: Token[] = []
  let at = 0
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  while (at < text.length) {
    const char = text[at]
    if (char === ' ' || char === '\t' || char === '\n' || char === '\r') {
      at++
      continue
    }
    const number = take(NUMBER)
    const name = number === undefined ? take(NAME) : undefined
    if (number !== undefined) {
      tokens.push({ kind: 'number', text: number, at })
      at += number.length
      // 2kp is a slip, not a product
      if (take(NAME) !== undefined) syntaxError(text, at, `an operator is missing after ${number}`, place)
    } else if (name !== undefined) {
      tokens.push({ kind: 'name', text: name, at })
      at += name.length
    } else if (char === '{') {
      const close = text.indexOf('}', at)
      if (close < 0) syntaxError(text, at, 'the { is never closed', place)
      tokens.push({ kind: 'name', text: text.slice(at + 1, close).trim(), at })
      at = close + 1
    } else if ('+-*/^(),'.includes(char)) {
      tokens.push({ kind: 'symbol', text: char, at })
      at++
    } else {
      syntaxError(text, at, `'${char}' has no meaning here`, place)
    }
  }
  tokens.push({ kind: 'end', text: '', at: text.length })
  return tokens
}

function compile(node: Node, slot: (name: string) => number): Compiled {
  switch (node.op) {
    case 'number': {
      const { value } = node
      return () => value
    }
    case 'name': {
      const at = slot(node.name)
      return env => env[at]
    }
    case 'neg': {
      const a = compile(node.args[0], slot)
      return env => -a(env)
    }
    case 'call':
      return compileCall(
        node.name,
        node.args.map(arg => compile(arg, slot)),
      )
    case '^':
      return compilePower(node.args, slot)
  }
  const a = compile(node.args[0], slot)
  const b = compile(node.args[1], slot)
  switch (node.op) {
    case '+':
      return env => a(env) + b(env)
    case '-':
      return env => a(env) - b(env)
    case '*':
      return env => a(env) * b(env)
    case '/':
      return env => a(env) / b(env)
  }
}

function compileCall(name: string, args: readonly Compiled[]): Compiled {
  const [a, ...rest] = args
  switch (name) {
    case 'sqrt':
      return env => Math.sqrt(a(env))
    case 'abs':
      return env => Math.abs(a(env))
    case 'exp':
      return env => exp(a(env))
    case 'log':
      return env => log(a(env))
    case 'min':
      return env => rest.reduce((least, f) => Math.min(least, f(env)), a(env))
    default:
      return env => rest.reduce((most, f) => Math.max(most, f(env)), a(env))
  }
}

function compilePower(args: readonly [Node, Node], slot: (name: string) => number): Compiled {
  const a = compile(args[0], slot)
  const exponent = literal(args[1])
  if (exponent !== undefined && Number.isInteger(exponent) && Math.abs(exponent) <= MAX_POWER) {
    return env => {
      // square and multiply
      let result = 1
      let square = a(env)
      for (let n = Math.abs(exponent); n > 0; n >>= 1) {
        if ((n & 1) === 1) result *= square
        square *= square
      }
      return exponent < 0 ? 1 / result : result
    }
  }
  const b = compile(args[1], slot)
  return env => pow(a(env), b(env))
}

/** the number a node is, also with a sign */
function literal(node: Node): number | undefined {
  if (node.op === 'number') return node.value
  if (node.op !== 'neg') return undefined
  const inner = literal(node.args[0])
  return inner === undefined ? undefined : -inner
}
