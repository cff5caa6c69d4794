import { SizeError } from '../errors.js'

/**
 * Some worlds of a batch. A mask has one element for each world: Uint8Array (nworld) or booleans. A list has their
 * numbers, each once, in the order in which values come: numbers, Int32Array or Uint32Array.
 */
export type Worlds = Uint8Array | readonly boolean[] | readonly number[] | Int32Array | Uint32Array

const isMask = (worlds: Worlds): worlds is Uint8Array | readonly boolean[] =>
  worlds instanceof Uint8Array || (worlds.length > 0 && typeof worlds[0] === 'boolean')

/**
 * Numbers of the chosen worlds; undefined: all of them.
 *
 * @throws {SizeError} SIZE for a mask of another length; WORLDS for a number that is no world, or twice there
 */
export function worldList(worlds: Worlds | undefined, nworld: number): Int32Array | undefined {
  if (worlds === undefined) return undefined
  if (isMask(worlds)) return maskList(worlds, nworld)
  const seen = new Uint8Array(nworld)
  for (const w of worlds) {
    if (!Number.isInteger(w) || w < 0 || w >= nworld)
      throw new SizeError('WORLDS', `worlds: got ${w}, expected whole numbers below nworld = ${nworld}`)
    if (seen[w]++ > 0) throw new SizeError('WORLDS', `worlds: ${w} is there twice`)
  }
  return Int32Array.from(worlds)
}

/** Numbers of the worlds that a mask of any array type chooses. @throws {SizeError} SIZE */
export function maskList(mask: ArrayLike<number | boolean>, nworld: number): Int32Array {
  if (mask.length !== nworld)
    throw new SizeError('SIZE', `mask: got length ${mask.length}, expected nworld = ${nworld}`)
  const list: number[] = []
  for (let w = 0; w < nworld; w++) if (mask[w]) list.push(w)
  return Int32Array.from(list)
}
