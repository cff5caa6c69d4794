/** Contact lists of MuJoCo and of the engine, side by side. */
import type { Contact } from '../../bindings/engine/contacts.js'
import { type Batch, createBatch } from '../../bindings/engine/index.js'
import { extractModel } from '../../bindings/model/extract.js'
import { assembleModel } from '../../bindings/model/support.js'
import { type Oracle, openOracle } from '../support/oracle.js'
import { contactsOf } from './contacts-of.js'

/** The contacts of the oracle's data, as ours are read. */
export function mujocoContacts(oracle: Oracle): Contact[] {
  const list = oracle.data.contact
  const out: Contact[] = []
  for (let i = 0; i < list.size(); i++) {
    const c = list.get(i)
    if (c === undefined) continue
    out.push({
      dist: c.dist,
      pos: [...(c.pos as Float64Array)] as [number, number, number],
      frame: [...(c.frame as Float64Array)],
      geom: [...(c.geom as Int32Array)] as [number, number],
      dim: c.dim,
    })
    c.delete()
  }
  list.delete()
  return out
}

export interface Side {
  readonly ours: Contact[]
  readonly theirs: Contact[]
  readonly qpos: Float32Array
}

/** Contacts of both, world by world, for the same single-precision positions. */
export async function bothContacts(xml: string, qpos: readonly Float64Array[]): Promise<Side[]> {
  const oracle = await openOracle(xml)
  // straight from the compiled model: loadModel starts a thread for every text
  const model = assembleModel(extractModel(oracle.model, Number.MAX_SAFE_INTEGER), 'contacts', xml, [])
  const nworld = Math.max(1, qpos.length)
  const batch = await createBatch(model, { nworld })
  try {
    if (qpos.length > 0) batch.set('qpos', Float64Array.from(qpos.flatMap(q => [...q])))
    return await sideBySide(batch, oracle)
  } finally {
    batch.dispose()
    oracle.dispose()
  }
}

/** Contacts of every world of a batch and MuJoCo's of the same state. */
export async function sideBySide(batch: Batch, oracle: Oracle): Promise<Side[]> {
  await batch.forward()
  const qpos = await batch.get('qpos')
  const { nq } = batch.model
  return Array.from({ length: batch.nworld }, (_, w) => {
    const q = qpos.subarray(w * nq, (w + 1) * nq)
    oracle.write('qpos', Float64Array.from(q))
    oracle.call((mj, m, d) => {
      mj.mj_kinematics(m, d)
      mj.mj_comPos(m, d)
      mj.mj_collision(m, d)
    })
    return { ours: contactsOf(batch, w), theirs: mujocoContacts(oracle), qpos: q }
  })
}

/** largest differences over contacts that both have */
export interface Difference {
  contacts: number
  dist: number
  pos: number
  normal: number
  tangent: number
}

const worst = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((most, x, i) => Math.max(most, Math.abs(x - b[i])), 0)

/**
 * Differences of two contact lists in order; undefined when they do not pair up.
 *
 * @param reach contacts this near to their limit (margin + gap) may be in one list only
 */
export function difference({ ours, theirs }: Side, reach: number): Difference | undefined {
  const edge = (c: Contact) => Math.abs(c.dist - reach) < 1e-5
  const same = (a: Contact, b: Contact) =>
    a.geom[0] === b.geom[0] && a.geom[1] === b.geom[1] && a.dim === b.dim && Math.abs(a.dist - b.dist) < 1e-3
  const out: Difference = { contacts: 0, dist: 0, pos: 0, normal: 0, tangent: 0 }
  let [i, j] = [0, 0]
  while (i < ours.length || j < theirs.length) {
    const [a, b] = [ours[i], theirs[j]]
    if (a && b && same(a, b)) {
      out.contacts++
      out.dist = Math.max(out.dist, Math.abs(a.dist - b.dist))
      out.pos = Math.max(out.pos, worst(a.pos, b.pos))
      out.normal = Math.max(out.normal, worst(a.frame.slice(0, 3), b.frame.slice(0, 3)))
      out.tangent = Math.max(out.tangent, worst(a.frame.slice(3), b.frame.slice(3)))
      i++
      j++
    } else if (a && edge(a)) i++
    else if (b && edge(b)) j++
    else return undefined
  }
  return out
}
