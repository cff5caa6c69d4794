/** Contacts with their forces, and constraint rows as MuJoCo counts them, read back from the engine. */
import { CNSTR, CONE } from '../model/enums.js'
import type { Model } from '../model/model.js'
import { type ContactSource, readContacts } from './contacts.js'
import { V } from './layout.js'

/** A contact of one world with what it does (mjContact, mj_contactForce). */
export interface ContactForce {
  readonly geom1: number
  readonly geom2: number
  /** '' for a geom without a name */
  readonly geom1Name: string
  readonly geom2Name: string
  /** distance of the surfaces, m; negative: penetration */
  readonly dist: number
  /** midpoint, m */
  readonly pos: readonly [number, number, number]
  /** (3, 3) row-major: normal from geom 1 to geom 2, two tangents */
  readonly frame: readonly number[]
  /** 1, 3, 4 or 6 */
  readonly dim: number
  /** force (3), N, and torque (3), N*m, in the contact's frame, on geom 2 */
  readonly force: readonly number[]
}

/** Constraint rows of one world, in MuJoCo's order: equality, friction loss, limits, contacts. */
export interface ConstraintRows {
  readonly nefc: number
  /** (nefc) mjtConstraint */
  readonly efc_type: Int32Array
  /** (nefc, nv) dense */
  readonly efc_J: Float64Array
  /** (nefc) inverse regularizer */
  readonly efc_D: Float64Array
  /** (nefc) reference acceleration */
  readonly efc_aref: Float64Array
  /** (nefc) */
  readonly efc_force: Float64Array
}

// records of the scratch, in quantities: assembly/sim/types.ts, assembly/sim/contact.ts, assembly/sim/row.ts
const Q = V / 4
const EFC_RECORD = 9
const EFC = { D: 0, AREF: 2, FORCE: 7, WORDS: 8 }
const CTC = { WORDS: 0, CON: 5, HAS: 2, D: 3, MU: 4, FRI: 6 }
const CURSOR_NEFC = 0
const CURSOR_END = 3

/** What scratch holds of one lane after the engine's rows(). */
class Lane {
  readonly #f32: Float32Array
  readonly #i32: Int32Array

  constructor(
    readonly source: ContactSource,
    readonly lane: number,
  ) {
    this.#f32 = new Float32Array(source.memory.buffer)
    this.#i32 = new Int32Array(source.memory.buffer)
  }

  /** word index of a scratch field */
  at(name: string): number {
    return (this.source.scratch + (this.source.layout.s.get(name) as number)) / 4
  }

  /** quantity k after a word index */
  float(word: number, k: number): number {
    return this.#f32[word + Q * k + this.lane]
  }

  has(word: number, k: number): boolean {
    return this.#i32[word + Q * k + this.lane] !== 0
  }

  int(word: number): number {
    return this.#i32[word]
  }

  /** the solver's records of contacts: word index and dimension */
  contacts(): { word: number; dim: number }[] {
    if (this.source.layout.sizes.ncand === 0) return []
    const end = (this.int(this.at('cursor') + CURSOR_END) >>> 0) / 4
    const out: { word: number; dim: number }[] = []
    for (let word = this.at('ctc'); word < end; word += this.int(word + 4) / 4) {
      if (this.has(word, CTC.HAS)) out.push({ word, dim: this.int(word) })
    }
    return out
  }

  /** a row of efc_J, dense */
  jacobian(adr: number, columns: number, nnz: number, nv: number): Float64Array {
    const row = new Float64Array(nv)
    const [J, col] = [this.at('efc_J'), this.at('efc_colind')]
    for (let k = 0; k < nnz; k++) row[this.int(col + columns + k)] = this.float(J, adr + k)
    return row
  }
}

/** quantities of a contact record behind its friction, in the order of assembly/sim/contact.ts */
const arefOf = (dim: number): number => CTC.FRI + dim - 1
const forceOf = (dim: number): number => CTC.FRI + 4 * dim - 1

function lane(source: ContactSource, world: number): Lane {
  source.exports.rows(source.m, source.scratch, world >> 2)
  return new Lane(source, world & 3)
}

/** Contacts of one world in the state of the last forward or step, in MuJoCo's order. */
export function contactForces(source: ContactSource, model: Model, world: number): ContactForce[] {
  const here = lane(source, world)
  const rowsOf = new Map(here.contacts().map(c => [here.int(c.word + CTC.CON) >>> 0, c]))
  return readContacts(source, here.lane).map(({ contact, address }) => {
    const { geom, dist, pos, frame, dim } = contact
    const rows = rowsOf.get(address)
    return {
      geom1: geom[0],
      geom2: geom[1],
      geom1Name: model.names.geom[geom[0]],
      geom2Name: model.names.geom[geom[1]],
      dist,
      pos,
      frame,
      dim,
      // a contact between its margin and its gap is seen and not felt
      force: Array.from({ length: 6 }, (_, k) => (rows && k < dim ? here.float(rows.word, forceOf(dim) + k) : 0)),
    }
  })
}

/** Rows of one world in the state of the last forward or step. */
export function constraintRows(source: ContactSource, model: Model, world: number): ConstraintRows {
  const here = lane(source, world)
  const { nv } = model
  const list: { type: number; J: Float64Array; D: number; aref: number; force: number }[] = []

  const efc = here.at('efc')
  const nefc = here.int(here.at('cursor') + CURSOR_NEFC)
  for (let r = 0; r < nefc; r++) {
    const word = efc + Q * EFC_RECORD * r
    const D = here.float(word, EFC.D)
    // rows that only neighbours have
    if (D === 0) continue
    const [type, nnz, adr] = [0, 1, 2].map(k => here.int(word + Q * EFC.WORDS + k))
    const J = here.jacobian(adr, adr, nnz, nv)
    list.push({ type, J, D, aref: here.float(word, EFC.AREF), force: here.float(word, EFC.FORCE) })
  }

  const elliptic = model.field.opt_cone[0] === CONE.ELLIPTIC
  for (const { word, dim } of here.contacts()) {
    const [nnz, adr, columns] = [1, 2, 3].map(k => here.int(word + k))
    const D = here.float(word, CTC.D)
    const friction = (k: number): number => here.float(word, CTC.FRI + k - 1)
    const base = Array.from({ length: dim }, (_, r) => ({
      J: here.jacobian(adr + r * nnz, columns, nnz, nv),
      aref: here.float(word, arefOf(dim) + r),
      force: here.float(word, forceOf(dim) + r),
      jar: here.float(word, arefOf(dim) + dim + r),
    }))
    if (dim === 1) list.push({ type: CNSTR.CONTACT_FRICTIONLESS, D, ...base[0] })
    else if (elliptic) {
      const mu = here.float(word, CTC.MU)
      base.forEach((row, r) => {
        list.push({
          type: CNSTR.CONTACT_ELLIPTIC,
          ...row,
          D: r === 0 ? D : (D * friction(r) * friction(r)) / (mu * mu),
        })
      })
    } else {
      // edges of the pyramid: normal plus and minus friction times each tangent
      for (let k = 1; k < dim; k++) {
        for (const side of [friction(k), -friction(k)]) {
          const jar = base[0].jar + side * base[k].jar
          list.push({
            type: CNSTR.CONTACT_PYRAMIDAL,
            J: base[0].J.map((x, i) => x + side * base[k].J[i]),
            D,
            aref: base[0].aref + side * base[k].aref,
            force: jar < 0 ? -D * jar : 0,
          })
        }
      }
    }
  }

  const efc_J = new Float64Array(list.length * nv)
  list.forEach((row, i) => {
    efc_J.set(row.J, i * nv)
  })
  return {
    nefc: list.length,
    efc_type: Int32Array.from(list, row => row.type),
    efc_J,
    efc_D: Float64Array.from(list, row => row.D),
    efc_aref: Float64Array.from(list, row => row.aref),
    efc_force: Float64Array.from(list, row => row.force),
  }
}
