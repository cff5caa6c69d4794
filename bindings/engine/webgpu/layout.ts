/** Where everything of a batch lies on the GPU, and the constants its kernels are compiled with. */
import {
  CCD,
  constantFields,
  type Field,
  fieldSize,
  headerSlots,
  kernelModelFields,
  LINK,
  NEED,
  STATUS,
  scratchFields,
  snapshotFields,
  topologyFields,
  worldFields,
} from '../../fields.js'
import type { Model } from '../../model/model.js'
import { byConvexRoutine } from '../../model/support.js'
import { CAND_ROW } from '../candidates.js'
import type { Sizes, Topology } from '../layout.js'
import type { Constants, Typed } from './link.js'

/** quantities of a record here, where integers take one each: kernels/sim/types.wgsl, kernels/sim/contact.wgsl */
const RECORD: Readonly<Record<string, number>> = { efc: 11, con: 18 }
/** integers that a solver contact has more than on the CPU, where four share a quantity */
const CONTACT_MORE = 5

/** memory of the convex routine in quantities: kernels/sim/collision/ccd/layout.wgsl */
const CCD_HERE = { HEAD: 692, VERTEX: 11, FACE: 12, MAP: 2 }

/** what the convex routine needs here, from what it needs on the CPU (bytes of CCD, 16 a quantity) */
function ccdQuantities(nccd: number): number {
  if (nccd === 0) return 0
  const { VERTEX, FACE, MAP, FIRST_VERTICES, FACES, HEAD } = CCD
  const each = VERTEX + (FACE + MAP) * FACES
  const iterations = Math.floor((16 * nccd - HEAD - VERTEX * FIRST_VERTICES) / each)
  const here = CCD_HERE
  return here.HEAD + here.VERTEX * (FIRST_VERTICES + iterations) + (here.FACE + here.MAP) * FACES * iterations
}

export interface GpuLayout {
  readonly sizes: Sizes
  /** address of each field: quantities in W (world fields, scratch) and P (parameters, constants), words in M */
  readonly w: ReadonlyMap<string, number>
  readonly p: ReadonlyMap<string, number>
  readonly m: ReadonlyMap<string, number>
  /** quantities of a world's state, of its state and scratch, of its parameters; words of the model */
  readonly dsize: number
  readonly wsize: number
  readonly psize: number
  readonly msize: number
}

/** Lay out the buffers for the sizes of a topology made for one lane. */
export function layOutGpu(sizes: Sizes): GpuLayout {
  const place = (fields: readonly Field[], map: Map<string, number>, start: number, size: (f: Field) => number) => {
    let at = start
    for (const field of fields) {
      map.set(field.name, at)
      at += size(field)
    }
    return at
  }
  const whole = (f: Field) => fieldSize(f, sizes)
  const scratch = (f: Field): number => {
    const rows = f.shape[0]
    if (f.name in RECORD) return RECORD[f.name] * sizes[rows as keyof Sizes]
    if (f.name === 'ccd') return ccdQuantities(sizes.nccd)
    if (f.name === 'ctc') return sizes.nctc + CONTACT_MORE * sizes.nconblock
    return whole(f)
  }
  const w = new Map<string, number>()
  const p = new Map<string, number>()
  const m = new Map<string, number>()
  const dsize = place([...worldFields, ...snapshotFields], w, 0, whole)
  const wsize = place(scratchFields, w, dsize, scratch)
  const psize = place([...kernelModelFields.filter(f => f.perWorld), ...constantFields], p, 0, whole)
  const msize = place([...kernelModelFields.filter(f => !f.perWorld), ...topologyFields], m, 0, whole)
  return { sizes, w, p, m, dsize, wsize, psize, msize }
}

/** The words of M: integer tables and what all worlds share. */
export function modelWords(model: Model, { tables }: Topology, layout: GpuLayout): Uint32Array<ArrayBuffer> {
  const words = new Uint32Array(Math.max(4, layout.msize))
  const i32 = new Int32Array(words.buffer)
  const f32 = new Float32Array(words.buffer)
  for (const field of kernelModelFields) {
    if (field.perWorld) continue
    const at = layout.m.get(field.name) as number
    const target = field.type === 'i' ? i32 : f32
    target.set(model.field[field.name] as ArrayLike<number>, at)
  }
  for (const [name, values] of tables) i32.set(values, layout.m.get(name) as number)
  return words
}

/** Constants that kernels of a model are compiled with, by the names they have there. */
export function modelConstants(model: Model, topology: Topology, layout: GpuLayout): Map<string, number | Typed> {
  const out = new Map<string, number | Typed>()
  for (const [name, value] of Object.entries(layout.sizes)) out.set(`f_${name}`, value)
  for (const slot of headerSlots()) {
    if (slot.kind === 'size') continue
    const { field } = slot
    if (slot.kind === 'm' && field.shape.length === 1 && field.shape[0] === 1) {
      const value = model.field[field.name][0]
      out.set(`f_${field.name}`, field.type === 'i' ? value : { type: 'f32', value })
      continue
    }
    const map = slot.kind === 'm' ? layout.m : slot.kind === 'p' ? layout.p : layout.w
    out.set(`f_${slot.symbol}`, map.get(slot.name) as number)
  }
  for (const [prefix, bits] of Object.entries({ STATUS, LINK, NEED }))
    for (const [name, bit] of Object.entries(bits)) out.set(`f_${prefix}_${name}`, bit)
  for (let type = 0; type <= LAST_SENSOR; type++)
    out.set(`f_SENSOR_${type}`, Number((model.field.sensor_type as Int32Array).includes(type)))
  const types = (field: string) => model.field[field] as Int32Array
  for (const [name, type] of Object.entries(JOINTS)) out.set(`f_JNT_${name}`, Number(types('jnt_type').includes(type)))
  for (const [name, type] of Object.entries(EQUALITIES))
    out.set(`f_EQ_${name}`, Number(types('eq_type').includes(type)))
  out.set('f_SENSOR_REF', Number(types('sensor_refid').some(id => id >= 0)))
  for (const [name, used] of geomPairs(model, topology)) out.set(name, Number(used))
  for (const [name, value] of contactDimensions(topology)) out.set(name, value)
  return out
}

/** mjtJoint, mjtEq: which of them a model has decides what its kernels are made of */
const JOINTS = { FREE: 0, BALL: 1, SLIDE: 2, HINGE: 3 }
const EQUALITIES = { CONNECT: 0, WELD: 1, JOINT: 2 }
/** the last of mjtSensor */
const LAST_SENSOR = 63
const GEOM_TYPES = [0, 2, 3, 4, 5, 6]

/** which pairs of geom types the candidates of a model have, and whether one of them goes to the convex routine */
function geomPairs(model: Model, { tables }: Topology): Map<string, boolean> {
  const out = new Map<string, boolean>([['f_PAIR_CCD', false]])
  for (const a of GEOM_TYPES) for (const b of GEOM_TYPES) if (a <= b) out.set(`f_PAIR_${a}_${b}`, false)
  const cand = tables.get('cand') as Int32Array
  const types = model.field.geom_type as Int32Array
  for (let row = 0; row < cand.length; row += CAND_ROW) {
    const [a, b] = [types[cand[row]], types[cand[row + 1]]].sort((x, y) => x - y)
    if (byConvexRoutine(a, b)) out.set('f_PAIR_CCD', true)
    else out.set(`f_PAIR_${a}_${b}`, true)
  }
  return out
}

/** which dimensions contacts of a model can have, and the one that all have, 0 where they differ */
function contactDimensions({ tables }: Topology): [name: string, value: number][] {
  const cand = tables.get('cand') as Int32Array
  const found = new Set<number>()
  for (let row = 0; row < cand.length; row += CAND_ROW) found.add(cand[row + 3])
  const only = found.size === 1 ? Math.max(...found) : 0
  return [
    ['f_condim', only],
    ...[1, 3, 4, 6].map((dim): [string, number] => [`f_CONDIM_${dim}`, Number(found.has(dim))]),
  ]
}

/** The buffers as the kernels see them; `call` says what is asked of a dispatch. */
export const CALL_WORDS = [
  'nworld',
  'first',
  'count',
  'nstep',
  'nlane',
  'npar',
  'seedlo',
  'seedhi',
  ...Array.from({ length: 8 }, (_, i) => `a${i}`),
] as const

const BUFFERS = [
  ['M', 'read'],
  ['P', 'read_write'],
  ['W', 'read_write'],
  ['T', 'read'],
  ['E', 'read_write'],
  ['O', 'read_write'],
] as const
export type BufferName = (typeof BUFFERS)[number][0]

/** names and access of the storage buffers, in the order of their bindings from 1 on */
export const STORAGE = BUFFERS

export function bindingText(): string {
  return [
    `struct Call { ${CALL_WORDS.map(word => `${word}: u32`).join(', ')} }`,
    '@group(0) @binding(0) var<uniform> call: Call;',
    ...BUFFERS.map(([name, access], i) => `@group(0) @binding(${i + 1}) var<storage, ${access}> ${name}: array<u32>;`),
  ].join('\n')
}

export type { Constants }
