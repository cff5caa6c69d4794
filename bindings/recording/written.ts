import type { ChannelMap, TimeMap } from './map.js'

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
