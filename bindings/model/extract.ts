import type { MainModule, MjModel } from '@mujoco/mujoco'
import { ModelError } from '../errors.js'
import { fieldSize, modelFields, SIZES, type SizeName } from '../fields.js'
import type { ModelNumbers } from './finite.js'
import type { ModelNames } from './model.js'
import { decodeNames } from './names.js'
import type { SupportFacts } from './support.js'

/** What the compile worker hands over: copies, free of MuJoCo's memory. */
export interface Extracted extends ModelNumbers {
  readonly name: string
  readonly facts: SupportFacts
}

/** One mjModel field, option or statistic as MuJoCo shows it: a view, a number or a boolean. */
function peek(model: MjModel, name: string): unknown {
  if (name.startsWith('opt_')) return (model.opt as unknown as Record<string, unknown>)[name.slice(4)]
  if (name.startsWith('stat_')) return (model.stat as unknown as Record<string, unknown>)[name.slice(5)]
  return (model as unknown as Record<string, unknown>)[name]
}

/** A copy of a field as plain numbers. */
function numbers(model: MjModel, name: string): number[] | ArrayLike<number> {
  const value = peek(model, name)
  if (typeof value === 'number') return [value]
  if (typeof value === 'boolean') return [value ? 1 : 0]
  if (ArrayBuffer.isView(value)) return value as unknown as ArrayLike<number>
  throw new ModelError('MODEL_COMPILER', `the installed @mujoco/mujoco has no '${name}': install version 3.14.0`)
}

function scalar(model: MjModel, name: string): number {
  return numbers(model, name)[0]
}

/**
 * Take out of an mjModel what MODEL_FIELDS and SIZES list, under MuJoCo's names, and the facts the support check needs.
 * bools become 0 or 1. Nothing refers to MuJoCo's memory afterwards; the caller deletes the mjModel.
 *
 * @throws {ModelError} MODEL_SIZE when the numbers take more than maxBytes; MODEL_COMPILER when MuJoCo's tables differ
 */
export function extractModel(model: MjModel, maxBytes: number): Extracted {
  const sizes = Object.fromEntries(SIZES.map(size => [size, scalar(model, size)])) as Record<SizeName, number>
  checkBytes(sizes, maxBytes)
  const field: Record<string, Float64Array | Int32Array> = {}
  for (const row of modelFields) {
    const values = numbers(model, row.name)
    const size = fieldSize(row, sizes)
    if (values.length !== size) {
      throw new ModelError('MODEL_COMPILER', `${row.name}: MuJoCo gives ${values.length} numbers, expected ${size}`)
    }
    field[row.name] = row.type === 'f' ? Float64Array.from(values) : Int32Array.from(values)
  }
  const text = Uint8Array.from(numbers(model, 'names'))
  const namesOf = (adr: string): string[] => decodeNames(text, numbers(model, adr))
  const names: ModelNames = {
    body: namesOf('name_bodyadr'),
    joint: namesOf('name_jntadr'),
    geom: namesOf('name_geomadr'),
    site: namesOf('name_siteadr'),
    equality: namesOf('name_eqadr'),
    actuator: namesOf('name_actuatoradr'),
    sensor: namesOf('name_sensoradr'),
    key: namesOf('name_keyadr'),
    tendon: namesOf('name_tendonadr'),
    pair: namesOf('name_pairadr'),
    exclude: namesOf('name_excludeadr'),
  }
  const facts: SupportFacts = {
    flexes: namesOf('name_flexadr'),
    plugins: namesOf('name_pluginadr'),
    // the first number of a geom's twelve switches its fluid model on
    fluidGeoms: rowsWith(numbers(model, 'geom_fluid'), sizes.ngeom, 1),
    adhesiveGeoms: rowsWith(numbers(model, 'geom_adhesion'), sizes.ngeom),
    conveyorGeoms: rowsWith(numbers(model, 'geom_surfacevel'), sizes.ngeom),
    adhesivePairs: rowsWith(numbers(model, 'pair_adhesion'), sizes.npair),
    noslip_iterations: scalar(model, 'opt_noslip_iterations'),
  }
  // the model's own name stands first in mjModel.names
  return { name: decodeNames(text, [0])[0], sizes, names, field, facts }
}

/** Rows of a table of n rows with a number that is not 0 among their first `width`; default the whole row. */
function rowsWith(values: ArrayLike<number>, n: number, width = values.length / n): number[] {
  const stride = values.length / n
  const rows: number[] = []
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < width; k++) {
      if (values[i * stride + k] === 0) continue
      rows.push(i)
      break
    }
  }
  return rows
}

/** refuse before copying: keyframes and geoms can be many */
function checkBytes(sizes: Readonly<Record<SizeName, number>>, maxBytes: number): void {
  let bytes = 0
  for (const row of modelFields) bytes += fieldSize(row, sizes) * (row.type === 'f' ? 8 : 4)
  if (bytes > maxBytes) {
    throw new ModelError('MODEL_SIZE', `the compiled model takes ${bytes} bytes, more than the limit of ${maxBytes}`)
  }
}

/** Compile the file at `path` in MuJoCo's own file system and take the numbers out. Frees everything it made. */
export function compileAndExtract(mj: MainModule, path: string, maxBytes: number): Extracted {
  const model = mj.MjModel.from_xml_path(path)
  try {
    return extractModel(model, maxBytes)
  } finally {
    model.delete()
  }
}
