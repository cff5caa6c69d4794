/**
 * Is the package that would be published sound? Packs it, installs the tarball into an empty folder, imports every
 * entry, runs the program there, lints the package and weighs its entries. Needs a fresh `npm run build`.
 *
 *   node test/tools/package-check.mjs
 */
import { spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/** entries as a bundler ships them, minified and gzipped, each with everything it imports at once; bytes */
const BUDGETS = { '.': 60_000, './tasks': 90_000, './train': 100_000 }
/**
 * The engine; bytes. Contacts, then rollouts, policies and evolution strategies took it past this (docs/benchmarks.md, Size):
 * said at every run, and it must not grow further
 */
const WASM_TARGET = 150_000
const WASM_LIMIT = 240_000
/** simcrank/inline, minified; bytes */
const INLINE_LIMIT = 1_200_000
/** entries that pages import: nothing of Node may be imported at once */
const BROWSER = ['.', './tasks', './train', './es', './sysid', './gpujs']
/** the one entry that may load gpu.js, which makes functions from text */
const GPUJS = './gpujs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const manifest = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'))
let failures = 0

function check(name, ok, detail = '') {
  if (!ok) failures++
  console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}${detail === '' ? '' : `: ${detail}`}`)
}

function run(command, args, cwd) {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0' }
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, env, encoding: 'utf8', timeout: 300_000 })
  if (error !== undefined) return { status: -1, stdout: '', stderr: error.message }
  return { status, stdout, stderr }
}

/** first line that says something, for a report of one line */
const gist = text => text.split('\n').find(line => line.trim() !== '' && !/^npm (warn|notice)/.test(line)) ?? ''

function pack(folder) {
  const packed = run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], root)
  if (packed.status !== 0) throw new Error(`npm pack: ${packed.stderr}`)
  const [{ filename, files, size }] = JSON.parse(packed.stdout)
  const names = files.map(file => file.path)
  check('npm pack', true, `${names.length} files, ${(size / 1000).toFixed(0)} kB`)
  for (const name of ['README.md', 'CHANGELOG.md', 'LICENSE']) check(`contains ${name}`, names.includes(name))
  const strangers = names.filter(name => !/^(dist\/|README\.md$|CHANGELOG\.md$|LICENSE$|package\.json$)/.test(name))
  check('contains nothing else', strangers.length === 0, strangers.join(' '))
  // tsc does not clean: a file whose source is gone would still be published
  const stale = names.filter(
    name => /^dist\/.*\.js$/.test(name) && !existsSync(path.join(root, name.slice(5).replace(/\.js$/, '.ts'))),
  )
  check('no stale file in dist', stale.length === 0, stale.join(' '))
  return path.join(folder, filename)
}

function install(tarball, folder) {
  writeFileSync(path.join(folder, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n')
  const { status, stderr } = run('npm', ['install', '--no-audit', '--no-fund', tarball], folder)
  check('npm install into an empty folder', status === 0, status === 0 ? '' : gist(stderr))
  check('brings no optional peer', !existsSync(path.join(folder, 'node_modules/@mujoco')))
}

function importEntries(folder) {
  for (const entry of Object.keys(manifest.exports)) {
    // data, and the script of a thread
    if (['./package.json', './simcrank.wasm', './worker'].includes(entry)) continue
    const name = manifest.name + entry.slice(1)
    const code = `const m = await import('${name}'); if (Object.keys(m).length === 0) throw new Error('exports nothing')`
    const { status, stderr } = run(process.execPath, ['--input-type=module', '-e', code], folder)
    check(`import '${name}'`, status === 0, status === 0 ? '' : (stderr.match(/^\w*Error.*$/m)?.[0] ?? gist(stderr)))
  }
}

/** The entry that is one file, away from all others; the files that esbuild's users name. */
function runInline(folder) {
  const dist = path.join(folder, 'node_modules', manifest.name)
  const text = readFileSync(path.join(dist, manifest.exports['./inline'].default))
  const detail = `${kB(text.length)}, ${kB(gzipSync(text, { level: 9 }).length)} gzipped`
  check(`entry '${manifest.name}/inline' at most ${kB(INLINE_LIMIT)}`, text.length <= INLINE_LIMIT, detail)
  const alone = path.join(folder, 'alone')
  mkdirSync(alone)
  writeFileSync(path.join(alone, 'inline.mjs'), text)
  const code = `import { createBatch, configureEngine, loadModel } from './inline.mjs'
    if (typeof configureEngine !== 'function') throw new Error('no configureEngine')
    const error = await loadModel('<mujoco/>').catch(it => it)
    if (error.name !== 'ModelError') throw error
    await createBatch({}, { nworld: 0 }).catch(it => { if (it.name !== 'SizeError') throw it })`
  const { status, stderr } = run(process.execPath, ['--input-type=module', '-e', code], alone)
  check('inline: one file, alone in a folder', status === 0, status === 0 ? '' : gist(stderr))
  for (const entry of ['./simcrank.wasm', './worker'])
    check(`exports ${entry}`, existsSync(path.join(dist, manifest.exports[entry])))
  const worker = readFileSync(path.join(dist, manifest.exports['./worker']), 'utf8')
  check('the worker is one file', !/\bimport\b/.test(worker))
}

/** The installed program: exit codes, and what goes to which stream. */
function runProgram(folder) {
  const simcrank = (...args) => run('npx', ['--no-install', 'simcrank', ...args], folder)
  const isJson = text => {
    try {
      JSON.parse(text)
      return true
    } catch {
      return false
    }
  }
  const help = simcrank('--help')
  check('simcrank --help', help.status === 0 && /identify/.test(help.stdout), `code ${help.status}`)
  const version = simcrank('--version')
  check('simcrank --version', version.stdout.trim() === manifest.version, version.stdout.trim())
  const doctor = simcrank('doctor')
  check('simcrank doctor', doctor.status === 0 && /WASM/.test(doctor.stdout), `code ${doctor.status}`)
  const json = simcrank('doctor', '--json')
  check(
    'simcrank doctor --json prints JSON and nothing else',
    json.status === 0 && isJson(json.stdout),
    `code ${json.status}`,
  )
  for (const args of [
    [],
    ['no-such-command'],
    ['identify'],
    ['identify', 'm.xml', 'r.csv'],
    ['train'],
    ['train', 'hopper', '--workers', 'many'],
    ['evaluate', 'policy.safetensors'],
    ['check', 'm.xml', '--worlds', 'many'],
  ]) {
    const { status, stderr } = simcrank(...args)
    check(
      `wrong usage ends with code 2: simcrank ${args.join(' ')}`,
      status === 2 && !/\n {4}at /.test(stderr),
      `code ${status}`,
    )
  }
  // a task without physics needs no compiler of models
  const trained = simcrank('train', 'swingup-easy', '--generations', '2', '--workers', '2', '--out', 'run')
  check('simcrank train', trained.status === 0, trained.status === 0 ? '' : gist(trained.stderr))
  const evaluated = simcrank('evaluate', 'run/policy.safetensors', 'swingup-easy', '--episodes', '4', '--json')
  check('simcrank evaluate --json', evaluated.status === 0 && isJson(evaluated.stdout), `code ${evaluated.status}`)
  const missing = simcrank('check', 'no-such-model.xml')
  check(
    'a missing model ends with code 1, without a stack trace',
    missing.status === 1 && !/\n {4}at /.test(missing.stderr),
    gist(missing.stderr),
  )
}

function lint(tarball) {
  const publint = run('npx', ['--no-install', 'publint', 'run', tarball, '--strict'], root)
  check('publint', publint.status === 0, publint.status === 0 ? '' : `\n${publint.stdout}${publint.stderr}`)
  // the WebAssembly module is an address to import, by loaders of bundlers
  const data = ['--exclude-entrypoints', './simcrank.wasm']
  const attw = run('npx', ['--no-install', 'attw', tarball, '--profile', 'esm-only', '--no-color', ...data], root)
  check('attw', attw.status === 0, attw.status === 0 ? '' : `\n${attw.stdout}${attw.stderr}`)
}

/**
 * What a bundler makes of an entry: its chunk and those it imports at once, npm packages included, minified. What loads
 * on demand (`import()`) is left out.
 */
async function bundle(entry, folder) {
  const { metafile } = await build({
    entryPoints: [entry],
    outdir: path.join(folder, 'bundle'),
    bundle: true,
    minify: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    external: Object.keys(manifest.peerDependencies),
    absWorkingDir: folder,
    metafile: true,
    logLevel: 'error',
  })
  const chunks = new Set()
  const node = new Set()
  const visit = chunk => {
    if (chunks.has(chunk)) return
    chunks.add(chunk)
    for (const { kind, path: target, external } of metafile.outputs[chunk].imports) {
      if (kind !== 'import-statement') continue
      if (external) node.add(target)
      else visit(target)
    }
  }
  visit(
    Object.keys(metafile.outputs).find(
      file =>
        metafile.outputs[file].entryPoint !== undefined &&
        path.resolve(folder, metafile.outputs[file].entryPoint) === realpathSync(entry),
    ),
  )
  const inputs = new Set([...chunks].flatMap(chunk => Object.keys(metafile.outputs[chunk].inputs)))
  const text = [...chunks].map(chunk => readFileSync(path.join(folder, chunk), 'utf8')).join('\n')
  const foreign = [...inputs].filter(file => !file.includes(`node_modules/${manifest.name}/dist/`))
  const everything = Object.values(metafile.outputs).flatMap(({ imports }) => imports.map(({ path: target }) => target))
  return {
    bytes: gzipSync(text, { level: 9 }).length,
    files: inputs.size,
    foreign,
    node: [...node],
    gpujs: everything.includes('gpu.js'),
  }
}

const kB = bytes => `${(bytes / 1000).toFixed(1)} kB`

async function weighEntries(installed, folder) {
  for (const name of BROWSER) {
    const words = `entry '${manifest.name}${name.slice(1)}'`
    const file = path.join(installed, manifest.exports[name].default)
    check(`${words} is there`, existsSync(file))
    if (!existsSync(file)) continue
    const { bytes, files, foreign, node, gpujs } = await bundle(file, folder)
    check(`${words} ${name === GPUJS ? 'loads' : 'never loads'} gpu.js`, gpujs === (name === GPUJS))
    check(`${words} imports nothing of Node at once`, node.length === 0, node.join(' '))
    const detail = `${kB(bytes)} from ${files} files${foreign.length > 0 ? `, not ours: ${foreign.join(' ')}` : ''}`
    const budget = BUDGETS[name]
    if (budget === undefined) console.log(`     ${words}: ${detail}, minified and gzipped`)
    else check(`${words} at most ${budget / 1000} kB, minified and gzipped`, bytes <= budget, detail)
  }
}

async function weigh(folder) {
  const installed = path.join(folder, 'node_modules', manifest.name)
  await weighEntries(installed, folder)
  const wasm = readdirSync(path.join(installed, 'dist'), { recursive: true }).filter(file => file.endsWith('.wasm'))
  check('one wasm file', wasm.length === 1, wasm.join(' '))
  for (const file of wasm) {
    const module = readFileSync(path.join(installed, 'dist', file))
    const name = path.basename(file)
    if (module.length > WASM_TARGET) console.log(`SHORT ${name} is ${kB(module.length)}, ${kB(WASM_TARGET)} were asked`)
    check(
      `${name} at most ${kB(WASM_LIMIT)}`,
      module.length <= WASM_LIMIT,
      `${kB(gzipSync(module, { level: 9 }).length)} gzipped`,
    )
  }
}

const folder = mkdtempSync(path.join(tmpdir(), 'simcrank-package-'))
try {
  const tarball = pack(folder)
  install(tarball, folder)
  importEntries(folder)
  runInline(folder)
  runProgram(folder)
  lint(tarball)
  await weigh(folder)
} finally {
  rmSync(folder, { recursive: true })
}
console.log(failures === 0 ? 'the package is sound' : `${failures} problem${failures > 1 ? 's' : ''} with the package`)
process.exitCode = failures === 0 ? 0 : 1
