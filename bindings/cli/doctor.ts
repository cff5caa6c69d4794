import { readFile } from 'node:fs/promises'
import { availableParallelism, cpus, platform, release, totalmem } from 'node:os'
import { SimcrankError } from '../errors.js'
import { openMujoco } from '../model/mujoco.js'
import { Failure, type Io, packageManifest, toJson } from './io.js'
import { textTable } from './table.js'

interface Finding {
  readonly name: string
  readonly value: string
  /** true: fine; false: simcrank does not work; undefined: something optional is absent */
  readonly ok: boolean | undefined
  remedy?: string
}

const LEAST_NODE = [20, 19] as const

/** one function that returns an i8x16 splat: valid only where SIMD is */
const SIMD = Uint8Array.of(
  0,
  97,
  115,
  109,
  1,
  0,
  0,
  0,
  1,
  5,
  1,
  96,
  0,
  1,
  123,
  3,
  2,
  1,
  0,
  10,
  10,
  1,
  8,
  0,
  65,
  0,
  253,
  15,
  253,
  98,
  11,
)

function node(): Finding {
  const [major, minor] = process.versions.node.split('.').map(Number)
  const ok = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1])
  return { name: 'Node', value: process.version, ok, remedy: `install Node ${LEAST_NODE.join('.')} or later` }
}

/** The engine's module: there, and accepted by this WebAssembly. */
async function engine(): Promise<Finding> {
  const url = new URL('../engine/wasm/simcrank.wasm', import.meta.url)
  try {
    const bytes = await readFile(url)
    await WebAssembly.compile(bytes)
    return { name: 'WASM engine', value: `${(bytes.length / 1000).toFixed(1)} kB`, ok: true }
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT'
    const value = absent ? 'not found' : `does not compile: ${(error as Error).message}`
    return {
      name: 'WASM engine',
      value,
      ok: false,
      remedy: 'install simcrank again; in the repository, `npm run build:wasm`',
    }
  }
}

/** MuJoCo, the peer that compiles models: installed, of the version we know, and starting. */
async function mujoco(): Promise<Finding> {
  const name = '@mujoco/mujoco'
  const wanted = packageManifest().peerDependencies?.[name] ?? ''
  try {
    const version = (await openMujoco()).mj_versionString()
    const ok = version === wanted ? true : undefined
    return { name: 'MuJoCo', value: version, ok, remedy: `tested with ${wanted}: npm install ${name}@${wanted}` }
  } catch (error) {
    const absent = error instanceof SimcrankError
    return {
      name: 'MuJoCo',
      value: absent ? 'not installed' : `does not start: ${(error as Error).message}`,
      ok: undefined,
      remedy: `only saved Models load without it: npm install ${name}@${wanted}`,
    }
  }
}

/**
 * `simcrank doctor`: what this machine offers.
 *
 * @throws {Failure} 1 when simcrank cannot work here
 */
export async function doctor(io: Io, options: { json?: boolean }): Promise<void> {
  const shared = typeof SharedArrayBuffer === 'function'
  const findings: Finding[] = [
    { name: 'simcrank', value: packageManifest().version, ok: true },
    node(),
    {
      name: 'system',
      value: `${platform()} ${process.arch}, ${release()}, ${(totalmem() / 2 ** 30).toFixed(1)} GiB`,
      ok: true,
    },
    { name: 'CPU', value: `${cpus()[0]?.model.trim() || 'unknown'}, ${availableParallelism()} cores`, ok: true },
    {
      name: 'SharedArrayBuffer',
      value: shared ? 'yes' : 'no',
      ok: shared ? true : undefined,
      remedy: 'without it the engine runs on one thread',
    },
    {
      name: 'WASM SIMD',
      value: WebAssembly.validate(SIMD) ? 'yes' : 'no',
      ok: WebAssembly.validate(SIMD),
      remedy: 'this CPU or Node lacks it',
    },
    await engine(),
    await mujoco(),
  ]
  for (const it of findings) if (it.ok === true) delete it.remedy
  const healthy = findings.every(it => it.ok !== false)
  if (options.json === true) io.out(toJson({ healthy, findings }))
  else {
    const rows = findings.map(it => [
      it.ok === true ? '✓' : it.ok === false ? '✘' : '–',
      it.name,
      it.value,
      it.remedy ?? '',
    ])
    const heads = ['', '', '', ''].map(head => ({ head }))
    io.out(`${textTable(heads, rows, '').trimStart()}\n`)
  }
  if (!healthy) throw new Failure(1)
}
