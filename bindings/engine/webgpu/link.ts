/**
 * Puts a WGSL module together from the files of kernels/: what an entry point reaches, with a model's constants in front.
 *
 * Names are those of their file; `// import { name } from './file'` brings in others, as in assembly/. An `if` on constants
 * of the model alone is decided here, so that what a model has no use for is never compiled: shader compilers take their
 * time over dead code too.
 */
import { BackendError } from '../../errors.js'

/** Path below kernels/ without extension → text. */
export type KernelFiles = ReadonlyMap<string, string>
/** A file made for the occasion. */
export interface Text {
  readonly path: string
  readonly text: string
}
/** Constants by name; whole numbers are i32 unless they come with a type. */
export type Constants = ReadonlyMap<string, number | Typed>
export interface Typed {
  readonly type: 'f32' | 'u32'
  readonly value: number
}

interface Declaration {
  readonly name: string
  readonly text: string
}

interface File {
  readonly path: string
  readonly imports: ReadonlyMap<string, { readonly path: string; readonly name: string }>
  readonly declarations: ReadonlyMap<string, Declaration>
}

const fail = (message: string): BackendError => new BackendError('KERNEL_LINK', message)

/** Text without comments; line ends stay. */
export function stripComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
}

const IMPORT = /^\/\/ import \{([^}]*)\} from '([^']+)'/gm

function resolve(from: string, to: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of to.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}

/** end of the bracket that opens at `at` */
function closing(text: string, at: number): number {
  let depth = 0
  for (let i = at; i < text.length; i++) {
    const c = text[i]
    if (c === '{' || c === '(') depth++
    else if ((c === '}' || c === ')') && --depth === 0) return i
  }
  throw fail(`unbalanced brackets after '${text.slice(at, at + 60)}'`)
}

const parsed = new WeakMap<KernelFiles, Map<string, File>>()

function parse(path: string, source: string): File {
  const imports = new Map<string, { path: string; name: string }>()
  for (const [, names, from] of source.matchAll(IMPORT)) {
    for (const name of names.split(',')) {
      const [theirs, ours = theirs] = name.trim().split(/\s+as\s+/)
      if (theirs) imports.set(ours, { path: resolve(path, from), name: theirs })
    }
  }
  const text = stripComments(source)
  const declarations = new Map<string, Declaration>()
  const start = /(?:@\w+(?:\([^()]*\))?\s*)*\b(fn|struct|const|var|alias)\b(?:<[^>]*>)?\s*(\w+)/g
  for (let match = start.exec(text); match; match = start.exec(text)) {
    const [, kind, name] = match
    const body = kind === 'fn' || kind === 'struct'
    const end = body ? closing(text, text.indexOf('{', start.lastIndex)) : text.indexOf(';', start.lastIndex)
    if (declarations.has(name)) throw fail(`kernels/${path}: '${name}' is declared twice`)
    declarations.set(name, { name, text: text.slice(match.index, end + 1) })
    start.lastIndex = end + 1
  }
  return { path, imports, declarations }
}

function fileOf(files: KernelFiles, path: string): File {
  let cache = parsed.get(files)
  if (!cache) {
    cache = new Map()
    parsed.set(files, cache)
  }
  let file = cache.get(path)
  if (!file) {
    const text = files.get(path)
    if (text === undefined) throw fail(`there is no kernels/${path}.wgsl`)
    file = parse(path, text)
    cache.set(path, file)
  }
  return file
}

const PRECEDENCE: readonly (readonly string[])[] = [
  ['||'],
  ['&&'],
  ['|'],
  ['&'],
  ['==', '!=', '<', '>', '<=', '>='],
  ['+', '-'],
  ['*'],
]
const APPLY: Readonly<Record<string, (a: number, b: number) => number>> = {
  '||': (a, b) => Number(a !== 0 || b !== 0),
  '&&': (a, b) => Number(a !== 0 && b !== 0),
  '|': (a, b) => a | b,
  '&': (a, b) => a & b,
  '==': (a, b) => Number(a === b),
  '!=': (a, b) => Number(a !== b),
  '<': (a, b) => Number(a < b),
  '>': (a, b) => Number(a > b),
  '<=': (a, b) => Number(a <= b),
  '>=': (a, b) => Number(a >= b),
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
}

/** what a call, a member or a number that is not whole takes up in an expression: their values are not known here */
const TOKENS = /\d+\.\d*(?:e[-+]?\d+)?f?|\d+u?|[A-Za-z_]\w*|\|\||&&|[=!<>]=|[()[\].,|&<>+*!-]|\S/g

/** Value of an expression, undefined where it does not follow from constants; `false && x` does. */
function evaluate(text: string, constant: (name: string) => number | undefined): number | undefined {
  const tokens: readonly string[] = text.match(TOKENS) ?? []
  let at = 0
  const unreadable = new Error('not an expression of constants')
  /** step over brackets that open here */
  const skip = (): void => {
    let depth = 0
    do {
      const token = tokens[at++]
      if (token === undefined) throw unreadable
      if (token === '(' || token === '[') depth++
      else if (token === ')' || token === ']') depth--
    } while (depth > 0)
  }
  const primary = (): number | undefined => {
    const token = tokens[at++] ?? ''
    let value: number | undefined
    if (token === '(') {
      value = level(0)
      if (tokens[at++] !== ')') throw unreadable
    } else if (token === '!') {
      const x = primary()
      return x === undefined ? undefined : Number(x === 0)
    } else if (token === '-') {
      const x = primary()
      return x === undefined ? undefined : -x
    } else if (/^\d+$/.test(token)) value = Number(token)
    else if (token === 'true' || token === 'false') value = Number(token === 'true')
    else if (/^[A-Za-z_]/.test(token)) {
      if (tokens[at] !== '(') value = constant(token)
      else {
        // a function of no arguments may be a constant too
        if (tokens[at + 1] === ')') value = constant(`${token}()`)
        skip()
      }
    } else if (!/^\d/.test(token)) throw unreadable
    // a part of something is known of nothing
    for (; tokens[at] === '.' || tokens[at] === '['; value = undefined) {
      if (tokens[at] === '[') skip()
      else at += 2
    }
    return value
  }
  const level = (l: number): number | undefined => {
    if (l === PRECEDENCE.length) return primary()
    let value = level(l + 1)
    while (PRECEDENCE[l].includes(tokens[at])) {
      const operator = tokens[at++]
      const right = level(l + 1)
      if (value !== undefined && right !== undefined) value = APPLY[operator](value, right)
      else if (operator === '&&' && (value === 0 || right === 0)) value = 0
      else if (operator === '||' && (value === 1 || right === 1)) value = 1
      else value = undefined
    }
    return value
  }
  try {
    const value = level(0)
    return at === tokens.length ? value : undefined
  } catch (error) {
    if (error === unreadable) return undefined
    throw error
  }
}

/** a block whose end is not reached */
const LEAVES = /[;{}]\s*(?:return\b[^;{}]*|continue|break);\s*\}$/

/**
 * A function's text with every `if` on constants decided.
 *
 * @param chained the text stands behind an else
 */
function prune(text: string, constant: (name: string) => number | undefined, chained = false): string {
  const found = /\bif\s*\(/g
  let out = ''
  let from = 0
  for (let match = found.exec(text); match; match = found.exec(text)) {
    const open = text.indexOf('(', match.index)
    const close = closing(text, open)
    const value = evaluate(text.slice(open + 1, close), constant)
    if (value === undefined) {
      found.lastIndex = open + 1
      continue
    }
    const begin = text.indexOf('{', close)
    const end = closing(text, begin)
    const rest = /^\s*else\s*/.exec(text.slice(end + 1))
    // what the else branch is, and where it ends
    let other = ''
    let stop = end + 1
    if (rest) {
      const after = end + 1 + rest[0].length
      stop = chainEnd(text, after)
      other = text.slice(after, stop)
    }
    const before = text.slice(from, match.index)
    out += before
    // an if behind an else needs no braces; one that went leaves a block there
    const behind = /\belse\s*$/.test(before) || (chained && out.trim() === '')
    const kept = prune(value !== 0 ? text.slice(begin, end + 1) : other || (behind ? '{ }' : ''), constant, behind)
    out += kept
    from = stop
    // compilers warn of what is never reached
    if (!behind && LEAVES.test(kept)) from = enclosing(text, stop)
    found.lastIndex = from
  }
  return out + text.slice(from)
}

/** where the block ends that a place stands in */
function enclosing(text: string, at: number): number {
  let i = at
  while (i < text.length && text[i] !== '}') i = text[i] === '{' ? closing(text, i) + 1 : i + 1
  return i
}

/** end of `{…}` or of `if (…) {…} else …` at a place */
function chainEnd(text: string, at: number): number {
  if (text[at] === '{') return closing(text, at) + 1
  const body = closing(text, text.indexOf('{', closing(text, text.indexOf('(', at))))
  const rest = /^\s*else\s*/.exec(text.slice(body + 1))
  return rest ? chainEnd(text, body + 1 + rest[0].length) : body + 1
}

const literal = (value: number | Typed): [type: string, text: string] => {
  if (typeof value === 'number') return ['i32', `${value}`]
  if (value.type === 'u32') return ['u32', `${value.value}u`]
  const x = Math.fround(value.value)
  return ['f32', Number.isInteger(x) && Math.abs(x) < 1e9 ? `${x}.0` : `${x}`]
}

/** One request: an entry point of a file. */
export interface Entry {
  readonly path: string
  readonly name: string
}

/**
 * The text of a module.
 *
 * @param entries entry points; what they do not reach is left out
 * @param constants of the model
 * @param bindings declarations of the buffers
 * @param own files made for the occasion; they take the place of those of the same name
 * @throws {BackendError} KERNEL_LINK when a name is imported that is not there
 */
export function link(
  files: KernelFiles,
  entries: readonly Entry[],
  constants: Constants,
  bindings: string,
  own: readonly Text[] = [],
): string {
  const made = new Map(own.map(({ path, text }) => [path, parse(path, text)]))
  const file = (path: string): File => made.get(path) ?? fileOf(files, path)
  const number = (name: string): number | undefined => {
    const value = constants.get(name)
    return value === undefined ? undefined : typeof value === 'number' ? value : value.value
  }
  const emitted = new Map<string, string>()
  const owners = new Map<string, number>()
  const done: string[] = []
  const usedConstants = new Set<string>()

  const nameOf = (path: string, name: string): string => {
    const key = `${path}:${name}`
    let known = emitted.get(key)
    if (known === undefined) {
      const count = owners.get(name) ?? 0
      owners.set(name, count + 1)
      known = count === 0 ? name : `${name}_in_${path.replaceAll(/\W/g, '_')}`
      emitted.set(key, known)
      visit(path, name)
    }
    return known
  }
  /** value of a constant that stands in a file as a number, or of a function that returns an expression of constants */
  const fileConstant = (path: string, name: string): number | undefined => {
    const from = file(path)
    const plain = name.replace('()', '')
    const imported = from.imports.get(plain)
    if (imported) return fileConstant(imported.path, name.replace(plain, imported.name))
    const text = from.declarations.get(plain)?.text
    if (name !== plain) {
      const result = text && /^fn\s+\w+\(\)\s*->\s*\w+\s*\{\s*return\s+([^;]+);\s*\}$/.exec(text)?.[1]
      return result ? evaluate(result, word => number(word) ?? fileConstant(path, word)) : undefined
    }
    const value = text === undefined ? undefined : /^const\s+\w+\s*:\s*i32\s*=\s*(-?\d+)\s*;$/.exec(text)?.[1]
    return value === undefined ? undefined : Number(value)
  }
  const visit = (path: string, name: string): void => {
    const from = file(path)
    const declaration = from.declarations.get(name)
    if (!declaration) throw fail(`kernels/${path}.wgsl has no '${name}'`)
    const text = prune(declaration.text, word => number(word) ?? fileConstant(path, word))
    const place = done.push('') - 1
    done[place] = text.replaceAll(/(\.\s*)?\b([A-Za-z_]\w*)\b/g, (whole, member: string | undefined, word: string) => {
      if (member !== undefined) return whole
      const imported = from.imports.get(word)
      if (imported) return nameOf(imported.path, imported.name)
      if (from.declarations.has(word)) return nameOf(path, word)
      if (constants.has(word)) usedConstants.add(word)
      return word
    })
  }
  for (const { path, name } of entries) nameOf(path, name)

  const head = [...usedConstants].sort().map(name => {
    const [type, text] = literal(constants.get(name) as number | Typed)
    return `const ${name}: ${type} = ${text};`
  })
  return `${bindings}\n${head.join('\n')}\n${done.join('\n')}\n`
}
