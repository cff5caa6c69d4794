/** What the worlds of a block have in common, kept when some of them are written. */
import { historyBuffers } from '../histories.js'
import type { Store } from '../store.js'

/** qpos0 at rest: time, activations, controls, histories and status cleared (mj_resetData) */
export function restart(store: Store, worlds: Int32Array | undefined): void {
  const { model, layout, nworld, nblock, f32 } = store
  const { d, dbytes, p, sizes } = layout
  const words = dbytes / 4
  const at = (name: string): number => (d.get(name) as number) / 4
  const chosen = new Uint8Array(4 * nblock)
  if (worlds === undefined) chosen.fill(1)
  else for (const w of worlds) chosen.fill(1, w, w === nworld - 1 ? 4 * nblock : w + 1)

  // what is not 0: copies of parameters, and numbers that are the same for all
  const copies: [to: number, from: number, n: number][] = [[at('qpos'), (p.get('qpos0') as number) / 4, sizes.nq]]
  for (let b = 0; b < model.nbody; b++) {
    const id = model.field.body_mocapid[b]
    if (id < 0) continue
    copies.push([at('mocap_pos') + 12 * id, (p.get('body_pos') as number) / 4 + 12 * b, 3])
    copies.push([at('mocap_quat') + 16 * id, (p.get('body_quat') as number) / 4 + 16 * b, 4])
  }
  const numbers: [to: number, value: number][] = []
  for (const name of ['actuator_enable', 'actuator_supply'])
    for (let e = 0; e < sizes.nactuator; e++) numbers.push([at(name) + 4 * e, 1])
  for (let e = 0; e < sizes.neq; e++) numbers.push([at('eq_active') + 4 * e, model.field.eq_active0[e]])
  const cursors = historyBuffers(model).map(({ adr, nsample }) => [at('history') + 4 * (adr + 1), nsample - 1])

  for (let b = 0; b < nblock; b++) {
    const base = (store.d + b * dbytes) / 4
    const first = 4 * b
    const whole = (chosen[first] & chosen[first + 1] & chosen[first + 2] & chosen[first + 3]) === 1
    const stays = whole ? -1 : chosen.indexOf(0, first) - first
    if (whole) f32.fill(0, base, base + words)
    const parameters = (store.p + b * store.pstride) / 4
    for (let lane = 0; lane < 4; lane++) {
      if (chosen[first + lane] === 0) continue
      // the worlds of a block share the cursors of their histories; an empty one is the same wherever its cursor stands
      const kept = whole ? [] : cursors.map(([to]) => f32[base + to + stays])
      if (!whole) for (let a = base + lane; a < base + words; a += 4) f32[a] = 0
      for (const [to, from, n] of copies)
        for (let e = 0; e < 4 * n; e += 4) f32[base + to + e + lane] = f32[parameters + from + e + lane]
      for (const [to, value] of numbers) f32[base + to + lane] = value
      for (let i = 0; i < cursors.length; i++) f32[base + cursors[i][0] + lane] = whole ? cursors[i][1] : kept[i]
    }
  }
}

/**
 * The four worlds of a block share the cursor of a delay buffer: turn each ring so that its newest sample stands where
 * the first world's does.
 */
export function alignHistories(store: Store): void {
  const { f32, layout, nblock } = store
  const history = (layout.d.get('history') as number) / 4
  for (const { adr, nsample, dim } of historyBuffers(store.model)) {
    const ring = new Float32Array(nsample * dim)
    for (let b = 0; b < nblock; b++) {
      const base = (store.d + b * layout.dbytes) / 4 + history + 4 * adr
      const cursor = clampCursor(f32[base + 4], nsample)
      f32[base + 4] = cursor
      for (let lane = 1; lane < 4; lane++) {
        const shift = cursor - clampCursor(f32[base + 4 + lane], nsample)
        f32[base + 4 + lane] = cursor
        if (shift === 0) continue
        const turn = (first: number, n: number, sample: number): void => {
          const at = (i: number): number => base + 4 * (first + i) + lane
          for (let i = 0; i < n; i++) ring[i] = f32[at(i)]
          for (let i = 0; i < n; i++) f32[at((i + shift * sample + n) % n)] = ring[i]
        }
        // times, which sensors with an interval keep, then values
        turn(2, nsample, 1)
        turn(2 + nsample, nsample * dim, dim)
      }
    }
  }
}

/** a cursor that is none would address what lies outside the buffer */
const clampCursor = (cursor: number, nsample: number): number => Math.min(Math.max(Math.trunc(cursor), 0), nsample - 1)
