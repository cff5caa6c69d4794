import type { Model } from '../model/model.js'
import { bodyLinks } from './layout.js'

// records of the scratch, in quantities: assembly/sim/types.ts
const DOF_RECORD = 12
const DOF_CDOF = 0
const DOF_CDOFDOT = 6
const LNK_RECORD = 40
const LNK_CVEL = 22
const GEOM_RECORD = 12
const GEOM_POS = 9

/**
 * Where element e of a derived field lies in scratch; -1: it is 0 by structure.
 *
 * @param places where scratch fields begin
 * @param V what addresses count in a quantity
 */
export function derivedAddress(
  name: string,
  model: Model,
  places: ReadonlyMap<string, number>,
  V: number,
): (e: number) => number {
  const base = (field: string) => places.get(field) as number
  if (name === 'cdof' || name === 'cdof_dot') {
    const dofs = base('dofs')
    const offset = name === 'cdof' ? DOF_CDOF : DOF_CDOFDOT
    return e => dofs + V * (DOF_RECORD * Math.floor(e / 6) + offset + (e % 6))
  }
  if (name === 'geom_xpos' || name === 'geom_xmat') {
    const geoms = base('geoms')
    const [offset, size] = name === 'geom_xpos' ? [GEOM_POS, 3] : [0, 9]
    return e => geoms + V * (GEOM_RECORD * Math.floor(e / size) + offset + (e % size))
  }
  if (name === 'cvel') {
    const lnk = base('lnk')
    const links = bodyLinks(model)
    return e => {
      const link = links[Math.floor(e / 6)]
      return link < 0 ? -1 : lnk + V * (LNK_RECORD * link + LNK_CVEL + (e % 6))
    }
  }
  if (name === 'qM') {
    const { nv } = model
    const parent = model.field.dof_parentid as Int32Array
    const related = new Uint8Array(nv * nv)
    for (let i = 0; i < nv; i++) for (let j = i; j >= 0; j = parent[j]) related[i * nv + j] = 1
    const qM = base('qM')
    return e => {
      const i = Math.floor(e / nv)
      const j = e % nv
      const [hi, lo] = i > j ? [i, j] : [j, i]
      return related[hi * nv + lo] ? qM + V * (hi * nv + lo) : -1
    }
  }
  const at = base(name)
  return e => at + V * e
}
