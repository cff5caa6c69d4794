import type { ChannelMap, TimeMap } from './map.js'

/** Key of the first JSON line, and name of the MCAP metadata record, in which the writers keep it. */
export const MARK = 'simcrank'

/**
 * What the writers put into a file beside the samples, so that reading it back gives the same Recording: how to read it,
 * as a mapping would say. Lists of pairs, because a channel may have any name.
 */
export interface Written {
  readonly version: 1
  readonly name: string
  readonly constants: readonly (readonly [string, number])[]
  /** CSV of several rates: blank cells are no samples */
  readonly blank?: 'missing'
  readonly time?: TimeMap
  readonly channels: readonly (readonly [string, ChannelMap])[]
}
