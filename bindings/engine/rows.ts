/** Contacts with their forces, and constraint rows as MuJoCo counts them, read back from the engine. */
import { CNSTR, CONE } from '../model/enums.js'
import type { Model } from '../model/model.js'
import { readContacts } from './contacts.js'
import type { ScratchView } from './scratch-view.js'

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

// quantities of a solver contact: behind its friction as many each of aref, residual, J p and force as it has rows
const arefOf = (dim: number): number => dim - 1
const jarOf = (dim: number): number => 2 * dim - 1
const forceOf = (dim: number): number => 4 * dim - 1
// integers of a solver contact and of a row, in the order of sim/contact and sim/types
const CTC = { DIM: 0, NNZ: 1, J: 2, COL: 3 }
const EFC = { D: 0, AREF: 2, FORCE: 7, TYPE: 0, NNZ: 1, ADR: 2 }

/** a row of efc_J, dense */
function jacobian(view: ScratchView, adr: number, columns: number, nnz: number, nv: number): Float64Array {
  const row = new Float64Array(nv)
  for (let k = 0; k < nnz; k++) row[view.int('efc_colind', columns + k)] = view.float('efc_J', adr + k)
  return row
}

/** Contacts of one world in the state of the last forward or step, in MuJoCo's order. */
export function contactForces(view: ScratchView, model: Model): ContactForce[] {
  const { friction } = view.format.ctc
  const rowsOf = new Map(view.contacts().map(({ at, con }) => [con, at]))
  return readContacts(view).map(({ contact, at }) => {
    const { geom, dist, pos, frame, dim } = contact
    const rows = rowsOf.get(at)
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
      force: Array.from({ length: 6 }, (_, k) =>
        rows !== undefined && k < dim ? view.float('ctc', rows + friction + forceOf(dim) + k) : 0,
      ),
    }
  })
}

/** Rows of one world in the state of the last forward or step. */
export function constraintRows(view: ScratchView, model: Model): ConstraintRows {
  const { efc, ctc } = view.format
  const { nv } = model
  const list: { type: number; J: Float64Array; D: number; aref: number; force: number }[] = []

  const nefc = view.int('cursor', 0)
  for (let r = 0; r < nefc; r++) {
    const at = efc.stride * r
    const D = view.float('efc', at + EFC.D)
    // rows that only neighbours have
    if (D === 0) continue
    const [type, nnz, adr] = [EFC.TYPE, EFC.NNZ, EFC.ADR].map(j => view.int('efc', at + efc.words, j))
    const J = jacobian(view, adr, adr, nnz, nv)
    list.push({ type, J, D, aref: view.float('efc', at + EFC.AREF), force: view.float('efc', at + EFC.FORCE) })
  }

  const elliptic = model.field.opt_cone[0] === CONE.ELLIPTIC
  for (const { at } of view.contacts()) {
    const [dim, nnz, adr, columns] = [CTC.DIM, CTC.NNZ, CTC.J, CTC.COL].map(j => view.int('ctc', at, j))
    const quantity = (k: number): number => view.float('ctc', at + k)
    const D = quantity(ctc.d)
    const friction = (k: number): number => quantity(ctc.friction + k - 1)
    const base = Array.from({ length: dim }, (_, r) => ({
      J: jacobian(view, adr + r * nnz, columns, nnz, nv),
      aref: quantity(ctc.friction + arefOf(dim) + r),
      force: quantity(ctc.friction + forceOf(dim) + r),
      jar: quantity(ctc.friction + jarOf(dim) + r),
    }))
    if (dim === 1) list.push({ type: CNSTR.CONTACT_FRICTIONLESS, D, ...base[0] })
    else if (elliptic) {
      const mu = quantity(ctc.mu)
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
