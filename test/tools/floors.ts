/**
 * The floors of the house (README, Folders): a file imports from its own floor or below.
 *
 *   tsx test/tools/floors.ts [ROOT]
 *
 * Static and dynamic imports, re-exports, `import()` types, `require` and `new URL('./x', import.meta.url)` all count.
 */
import { readFileSync } from 'node:fs'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import ts from 'typescript'
import { lineOf, parseSource, sourceFiles } from './sources.js'

/** Rooms of bindings/, lowest floor first. */
export const FLOORS: readonly (readonly string[])[] = [
  ['errors', 'host', 'fields', 'program', 'math'],
  ['model', 'recording'],
  ['engine'],
  ['task', 'policy', 'autodiff', 'gpujs'],
  ['es', 'tasks'],
  ['train'],
  ['sysid', 'randomization', 'adaptation', 'meta', 'exploration', 'robot'],
  ['crank', 'cluster', 'report', 'viewer'],
  ['cli'],
]

/** Rooms of one floor that do not import each other: what two need goes down a floor. */
const STRANGERS: readonly (readonly string[])[] = [
  ['model', 'recording'],
  ['sysid', 'randomization', 'adaptation', 'meta', 'exploration'],
]

/** Rooms that are package entries alone: nothing else may bring them along. */
const ALONE: readonly string[] = ['gpujs']

/** The tower beside: what it knows of bindings/, and who knows it. */
const HARDWARE_KNOWS = ['errors', 'host', 'math', 'recording', 'robot']
const KNOWS_HARDWARE = ['cli']

/** Folders that see everything and are seen by nobody but each other. */
const OUTSIDE = ['test', 'bench', 'examples']

const FOLDERS = ['bindings', 'hardware', 'assembly', 'kernels', ...OUTSIDE]

/** Where a file lives: a room of bindings/, 'entry', 'generator', or a folder. */
function roomOf(file: string): string {
  const [top, second, ...rest] = file.split('/')
  if (top !== 'bindings') return top
  if (rest.length > 0) return second
  const name = second.replace(/\.\w+$/, '')
  if (name.startsWith('generate-')) return 'generator'
  return FLOORS[0].includes(name) ? name : 'entry'
}

const floorOf = (room: string): number => FLOORS.findIndex(rooms => rooms.includes(room))
const list = (floor: number): string => FLOORS[floor].join(', ')

/** Why `from` may not import `to`, or undefined when it may. */
export function forbidden(from: string, to: string): string | undefined {
  const [a, b] = [roomOf(from), roomOf(to)]
  if (OUTSIDE.includes(a) || a === b) return undefined
  if (OUTSIDE.includes(b)) return `${b}/ sees everything and is seen by nobody`
  if (a === 'assembly' || a === 'kernels') return `${a}/ is the ground floor and imports nothing from outside`
  // a generator writes into assembly/ and kernels/
  if (b === 'assembly' || b === 'kernels') {
    if (a === 'generator') return undefined
    return `${b}/ is compiled apart; nothing imports its source`
  }
  if (a === 'hardware') {
    if (HARDWARE_KNOWS.includes(b)) return undefined
    return `hardware is a tower beside: it knows ${HARDWARE_KNOWS.join(', ')}, not ${b}`
  }
  if (b === 'hardware') {
    return KNOWS_HARDWARE.includes(a) || a === 'entry'
      ? undefined
      : `hardware is a tower beside; only ${KNOWS_HARDWARE} goes there`
  }
  if (b === 'entry' || b === 'generator') return `a package ${b} stands above the floors; nothing imports it`
  if (ALONE.includes(b)) return `${b} is a package entry alone: no other entry may bring it along`
  if (a === 'entry' || a === 'generator') return undefined
  const [here, there] = [floorOf(a), floorOf(b)]
  if (there < 0) return unknownRoom(b)
  if (there > here) return `${a} is on floor ${here} (${list(here)}), ${b} above it on floor ${there} (${list(there)})`
  const strangers = STRANGERS.find(rooms => rooms.includes(a) && rooms.includes(b))
  if (strangers !== undefined)
    return `${strangers.join(', ')} do not import each other: what two need goes down a floor`
  return undefined
}

const unknownRoom = (room: string): string => `bindings/${room} is on no floor: give it one in test/tools/floors.ts`

interface Import {
  readonly specifier: string
  readonly node: ts.Node
  /** resolved at once, with its value: not `import()`, not `import type` */
  readonly static: boolean
}

/** Every module this file names. */
export function importsOf(source: ts.SourceFile): Import[] {
  const found: Import[] = []
  const add = (node: ts.Node | undefined, isStatic: boolean): void => {
    if (node !== undefined && ts.isStringLiteralLike(node)) found.push({ specifier: node.text, node, static: isStatic })
  }
  const visit = (node: ts.Node): void => {
    if (ts.isImportDeclaration(node))
      add(node.moduleSpecifier, node.importClause?.phaseModifier !== ts.SyntaxKind.TypeKeyword)
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, !node.isTypeOnly)
    else if (ts.isExternalModuleReference(node)) add(node.expression, true)
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, false)
    else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
      add(node.arguments[0], false)
    else if (ts.isCallExpression(node) && /^(require|import\.meta\.resolve)$/.test(node.expression.getText())) {
      add(node.arguments[0], false)
    } else if (ts.isNewExpression(node) && node.expression.getText() === 'URL' && node.arguments?.length === 2) {
      if (node.arguments[1].getText() === 'import.meta.url') add(node.arguments[0], false)
    }
    ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

interface Manifest {
  readonly name: string
  readonly peers: readonly string[]
}

/** Every wrong import under root, one message each: `file:line: …`. */
export function checkFloors(root: string, manifest: Manifest): string[] {
  const problems: string[] = []
  for (const file of sourceFiles(root, FOLDERS)) {
    const room = roomOf(file)
    if (file.startsWith('bindings/') && !['entry', 'generator'].includes(room) && floorOf(room) < 0)
      problems.push(`${file}: ${unknownRoom(room)}`)
    const source = parseSource(file, readFileSync(path.join(root, file), 'utf8'))
    for (const { specifier, node, static: isStatic } of importsOf(source)) {
      const reason = specifier.startsWith('.')
        ? forbidden(file, path.posix.join(path.posix.dirname(file), specifier))
        : forbiddenPackage(room, specifier, isStatic, manifest)
      if (reason !== undefined) problems.push(`${file}:${lineOf(source, node)}: imports '${specifier}': ${reason}`)
    }
  }
  return problems
}

function forbiddenPackage(room: string, specifier: string, isStatic: boolean, manifest: Manifest): string | undefined {
  if (OUTSIDE.includes(room)) return undefined
  const name = specifier.split('/', specifier.startsWith('@') ? 2 : 1).join('/')
  if (name === manifest.name) return 'the house does not import itself through its front door'
  if (isStatic && manifest.peers.includes(name))
    return `${name} is an optional peer: import it dynamically, when it is used`
  if (room === 'assembly' || room === 'kernels') return `${room}/ is the ground floor and imports nothing from outside`
  if (name === 'gpu.js' && room !== 'gpujs') return 'gpu.js makes functions from text: only bindings/gpujs may load it'
  return undefined
}

function main(root: string): number {
  const { name, peerDependenciesMeta = {} } = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
  const problems = checkFloors(root, { name, peers: Object.keys(peerDependenciesMeta) })
  for (const problem of problems) console.error(problem)
  if (problems.length > 0) {
    console.error(
      `\n${problems.length} import${problems.length > 1 ? 's' : ''} against the floors, from the ground up:`,
    )
    for (const [floor, rooms] of FLOORS.entries()) console.error(`  ${floor}  ${rooms.join(' · ')}`)
    console.error('  beside: hardware; above all, imported by none: package entries, test, bench, examples')
  }
  return problems.length > 0 ? 1 : 0
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  process.exitCode = main(process.argv[2] ?? fileURLToPath(new URL('../..', import.meta.url)))
}
