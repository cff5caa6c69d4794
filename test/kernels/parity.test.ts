/**
 * The two engines are one text in two languages: every function of assembly/ has a twin of the same name in the same file of
 * kernels/, under the same header, or stands in exceptions/ with the reason why it is alone.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** folders and files of one side only, with their reason */
const APART: Readonly<Record<string, string>> = {
  'assembly/host/': 'linear algebra of the host in double precision, for estimators',
  'assembly/shared/': 'generated accessors of addresses: the GPU has constants made for each model',
  'kernels/transfer.wgsl': 'moves values between the order of the host and that of the buffers',
}

interface Twin {
  readonly file: string
  readonly name: string
  readonly header: string
}

const FUNCTION = {
  ts: /^(?:\/\/ @ts-ignore: decorator\n)?(?:@inline )?(?:export )?function (\w+)/gm,
  wgsl: /^(?:@compute[^\n]*\n?\s*)?fn (\w+)/gm,
}

/** functions of a tree by path without extension and name, with the words of their headers */
function functions(tree: 'assembly' | 'kernels'): Map<string, Twin> {
  const extension = tree === 'assembly' ? 'ts' : 'wgsl'
  const found = new Map<string, Twin>()
  for (const file of readdirSync(`${root}/${tree}`, { recursive: true, encoding: 'utf8' }).sort()) {
    if (!file.endsWith(`.${extension}`)) continue
    if (Object.keys(APART).some(apart => `${tree}/${file}`.startsWith(apart))) continue
    const text = readFileSync(`${root}/${tree}/${file}`, 'utf8')
    for (const match of text.matchAll(FUNCTION[extension])) {
      const before = text.slice(0, match.index)
      const comment = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*(?:\/\/ @ts-ignore: decorator\s*)?$/.exec(before)?.[1] ?? ''
      // a line tagged cpu or gpu is of that side alone
      const common = comment.replaceAll(/^\s*\*\s+(?:cpu|gpu) {2}[^\n]*$/gm, '')
      const header = common
        .replaceAll(/^\s*\* ?/gm, ' ')
        .replaceAll(/\s+/g, ' ')
        .trim()
      found.set(`${file.slice(0, -extension.length - 1)}:${match[1]}`, { file, name: match[1], header })
    }
  }
  return found
}

/** reasons by file with extension and name */
function exceptions(): Map<string, string> {
  const folder = `${root}/test/kernels/exceptions`
  const reasons = new Map<string, string>()
  for (const file of readdirSync(folder)) {
    const table: Record<string, Record<string, string>> = JSON.parse(readFileSync(`${folder}/${file}`, 'utf8'))
    for (const [path, names] of Object.entries(table))
      for (const [name, reason] of Object.entries(names)) reasons.set(`${path}:${name}`, reason)
  }
  return reasons
}

const [cpu, gpu, reasons] = [functions('assembly'), functions('kernels'), exceptions()]

test('both trees are there', () => {
  assert.ok(cpu.size > 400 && gpu.size > 400, `${cpu.size} and ${gpu.size} functions`)
})

test('every function has its twin, or a reason why not', () => {
  const alone: string[] = []
  for (const [key, { file, name }] of cpu)
    if (!gpu.has(key) && !reasons.has(`${file}:${name}`)) alone.push(`assembly/${file}: ${name}`)
  for (const [key, { file, name }] of gpu)
    if (!cpu.has(key) && !reasons.has(`${file}:${name}`)) alone.push(`kernels/${file}: ${name}`)
  assert.is(alone.length, 0, `without twin and reason:\n${alone.join('\n')}`)
})

test('twins have the same header', () => {
  const different: string[] = []
  for (const [key, ours] of cpu) {
    const theirs = gpu.get(key)
    if (theirs && ours.header !== theirs.header && !reasons.has(`${theirs.file}:${ours.name}`))
      different.push(`${key}\n    ${ours.header}\n    ${theirs.header}`)
  }
  assert.is(different.length, 0, `${different.length} headers differ:\n${different.join('\n')}`)
})

test('every reason is of a function that is alone', () => {
  const stale: string[] = []
  for (const [key, reason] of reasons) {
    const [path, name] = key.split(':')
    const wgsl = path.endsWith('.wgsl')
    const plain = `${path.replace(/\.\w+$/, '')}:${name}`
    const here = (wgsl ? gpu : cpu).get(plain)
    const there = (wgsl ? cpu : gpu).get(plain)
    if (!here || (there && here.header === there.header)) stale.push(key)
    assert.ok(reason.length > 5, `${key}: a reason`)
  }
  assert.equal(stale, [])
})

/** what WGSL leaves open: an absolute error of 2^-11 for sin and cos, and the like */
const BUILTINS = [
  'sin',
  'cos',
  'tan',
  'asin',
  'acos',
  'atan',
  'atan2',
  'sinh',
  'cosh',
  'tanh',
  'exp',
  'exp2',
  'log',
  'log2',
  'pow',
]

test('transcendental functions are ours, and NaN is found by its bits', () => {
  const found: string[] = []
  for (const file of readdirSync(`${root}/kernels`, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.wgsl')) continue
    const text = readFileSync(`${root}/kernels/${file}`, 'utf8')
    const code = text.replaceAll(/\/\*[\s\S]*?\*\/|\/\/[^\n]*/g, '')
    for (const name of BUILTINS) {
      if (!new RegExp(`\\b${name}\\(`).test(code)) continue
      const ours =
        new RegExp(`fn ${name}\\(`).test(code) || new RegExp(`import \\{[^}]*\\b${name}\\b[^}]*\\}`).test(text)
      if (!ours) found.push(`${file}: ${name}`)
    }
    for (const [whole, a, b] of code.matchAll(/\b(\w+) [!=]= (\w+)\b/g)) if (a === b) found.push(`${file}: ${whole}`)
  }
  assert.equal(found, [])
})

test.run()
