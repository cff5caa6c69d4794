/**
 * Keeps clocks, chance and engine-dependent functions out of code that touches results, so that the same input gives
 * the same bits on any machine.
 *
 *   tsx test/tools/determinism.ts [ROOT]
 *
 * ECMAScript leaves the last bits of Math.sin, exp, pow, `**` … to the engine; bindings/math has ours. Reads the syntax
 * tree, so comments and strings do not count. A clock that only informs people carries `// clock: why` on its line or
 * on the line above.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { lineOf, parseSource, sourceFiles } from './sources.js'

const FOLDERS = ['bindings', 'hardware', 'assembly']

/** Presentation: what these show is rounded for people. */
const EXEMPT = ['bindings/cli/', 'bindings/report/']

/** Exactly rounded by every engine, or plain integers and constants. */
const EXACT = new Set(
  'sqrt abs min max floor ceil round trunc sign imul fround clz32 PI E LN2 LN10 LOG2E LOG10E SQRT2 SQRT1_2'.split(' '),
)

/** Objects with engine-dependent functions; the last four are AssemblyScript's. */
const MATH = new Set(['Math', 'Mathf', 'NativeMath', 'NativeMathf', 'JSMath'])

const GLOBALS = new Set(['globalThis', 'window', 'self', 'global'])
const ENTROPY = new Set(['getRandomValues', 'randomUUID', 'randomBytes', 'randomInt', 'randomFill', 'randomFillSync'])

interface Finding {
  readonly node: ts.Node
  readonly message: string
  /** a clock: `// clock: why` allows it */
  readonly clock: boolean
}

/** Name of the member an access picks, when it is written out: `a.b`, `a['b']`. */
function memberOf(node: ts.Node): string | undefined {
  if (ts.isPropertyAccessExpression(node)) return node.name.text
  if (ts.isElementAccessExpression(node) && ts.isStringLiteralLike(node.argumentExpression))
    return node.argumentExpression.text
  return undefined
}

/** The global an expression means: `Math`, `globalThis.Math`. */
function globalOf(node: ts.Node): string | undefined {
  if (ts.isIdentifier(node)) return node.text
  const inner = ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node) ? node.expression : undefined
  return inner !== undefined && ts.isIdentifier(inner) && GLOBALS.has(inner.text) ? memberOf(node) : undefined
}

/** An identifier used as a value: not a member's name, key, declaration or type. */
function isValue(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node
  if (ts.isPropertyAssignment(parent)) return parent.initializer === node
  if (ts.isBindingElement(parent) || ts.isImportSpecifier(parent) || ts.isExportSpecifier(parent)) return false
  const named = parent as ts.Node & { name?: ts.Node }
  return named.name !== node && !ts.isTypeNode(parent) && !ts.isQualifiedName(parent)
}

function judge(node: ts.Node): Finding | undefined {
  const clock = (message: string): Finding => ({ node, message, clock: true })
  const never = (message: string): Finding => ({ node, message, clock: false })
  if (ts.isBinaryExpression(node)) {
    const kind = node.operatorToken.kind
    if (kind === ts.SyntaxKind.AsteriskAsteriskToken || kind === ts.SyntaxKind.AsteriskAsteriskEqualsToken) {
      return never('`**` differs between engines: multiply, or use pow of bindings/math')
    }
  }
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node)) {
    const object = globalOf(node.expression) ?? ''
    const member = memberOf(node)
    if (MATH.has(object)) {
      if (member === 'random')
        return never(`${object}.random: randomness arrives as an explicit seed (philox of bindings/math)`)
      if (member === undefined) return never(`${object}[…]: name the function, so that this lint can see it`)
      if (!EXACT.has(member)) return never(`${object}.${member} differs between engines: use bindings/math`)
    }
    if (object === 'Date' && member === 'now') return clock('Date.now reads the clock')
    if (object === 'performance' && member === 'now') return clock('performance.now reads the clock')
    if (object === 'process' && member === 'hrtime') return clock('process.hrtime reads the clock')
    if (object === 'crypto' && member !== undefined && ENTROPY.has(member)) {
      return never(`crypto.${member}: randomness arrives as an explicit seed (philox of bindings/math)`)
    }
    if (member?.startsWith('relaxed')) return never(`${member}: relaxed SIMD differs between machines`)
    if (member === 'localeCompare' || member === 'toLocaleString') return never(`${member} depends on the locale`)
  }
  if (ts.isNewExpression(node) && globalOf(node.expression) === 'Date' && (node.arguments ?? []).length === 0) {
    return clock('new Date() reads the clock')
  }
  if (ts.isCallExpression(node)) {
    if (globalOf(node.expression) === 'Date') return clock('Date() reads the clock')
    if (ts.isIdentifier(node.expression) && node.expression.text.startsWith('relaxed_')) {
      return never(`${node.expression.text}: relaxed SIMD differs between machines`)
    }
  }
  // taken as a whole (`const { sin } = Math`, `f(Math)`) it would escape the rules above
  if (ts.isIdentifier(node) && isValue(node) && (MATH.has(node.text) || node.text === 'performance')) {
    const { parent } = node
    const member =
      (ts.isPropertyAccessExpression(parent) || ts.isElementAccessExpression(parent)) && parent.expression === node
    if (!member) return never(`${node.text} as a value: call its functions by name, so that this lint can see them`)
  }
  if (ts.isImportDeclaration(node) && ts.isStringLiteral(node.moduleSpecifier)) {
    const module = node.moduleSpecifier.text.replace('node:', '')
    if (module === 'perf_hooks') return never('perf_hooks holds clocks: use performance.now with its comment')
    const bindings = node.importClause?.namedBindings
    const names =
      bindings !== undefined && ts.isNamedImports(bindings)
        ? bindings.elements.map(it => (it.propertyName ?? it.name).text)
        : []
    const entropy = module === 'crypto' ? names.find(name => ENTROPY.has(name)) : undefined
    if (entropy !== undefined)
      return never(`${entropy}: randomness arrives as an explicit seed (philox of bindings/math)`)
  }
  return undefined
}

/** Every use in one file of what must not touch results: `file:line: …`. */
export function checkSource(file: string, text: string): string[] {
  const source = parseSource(file, text)
  const lines = text.split('\n')
  const excused = (line: number): boolean =>
    /\/\/ clock: \S/.test(lines[line - 1]) || /^\s*\/\/ clock: \S/.test(lines[line - 2] ?? '')
  const problems: string[] = []
  const visit = (node: ts.Node): void => {
    const finding = judge(node)
    if (finding !== undefined) {
      const line = lineOf(source, node)
      if (!finding.clock) problems.push(`${file}:${line}: ${finding.message}`)
      else if (!excused(line)) {
        problems.push(
          `${file}:${line}: ${finding.message}; when only people see it, say \`// clock: why\` on this line`,
        )
      }
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return problems
}

function main(root: string): number {
  const problems: string[] = []
  for (const file of sourceFiles(root, FOLDERS)) {
    if (EXEMPT.some(folder => file.startsWith(folder))) continue
    problems.push(...checkSource(file, readFileSync(path.join(root, file), 'utf8')))
  }
  for (const problem of problems) console.error(problem)
  return problems.length > 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)))
}
