/** Reading and writing logs, loaded when first used: an app that only steps worlds does not carry the formats. */
import type { DelayEstimate, DelayOptions } from './delay.js'
import type { RecordingMap } from './map.js'
import type { ReadOptions } from './read.js'
import type { Channel, Recording } from './recording.js'
import type { McapOptions } from './write.js'

/** Read a log: CSV, JSON Lines, JSON or MCAP; see readRecording in recording/read.ts. */
export async function readRecording(source: string | URL | Uint8Array, options?: ReadOptions): Promise<Recording> {
  return (await import('./read.js')).readRecording(source, options)
}

/** Read a mapping file. */
export async function readMap(source: string | URL): Promise<RecordingMap> {
  return (await import('./read.js')).readMap(source)
}

/** A recording as CSV text that reads back bit for bit. */
export async function writeCsv(recording: Recording): Promise<string> {
  return (await import('./write.js')).writeCsv(recording)
}

/** A recording as JSON Lines that read back bit for bit. */
export async function writeJsonLines(recording: Recording): Promise<string> {
  return (await import('./write.js')).writeJsonLines(recording)
}

/** A recording as MCAP. */
export async function writeMcap(recording: Recording, options?: McapOptions): Promise<Uint8Array> {
  return (await import('./write.js')).writeMcap(recording, options)
}

/** Delay between a command and its response; see recording/delay.ts. */
export async function estimateDelay(
  command: Channel,
  response: Channel,
  options?: DelayOptions,
): Promise<DelayEstimate> {
  return (await import('./delay.js')).estimateDelay(command, response, options)
}
