import { hasMcapPrefix, McapIndexedReader, McapStreamReader } from '@mcap/core'
import { RecordingError } from '../errors.js'
import { inNode, nodeModule } from '../host.js'
import { decodeJointState } from './cdr.js'
import { parseJson } from './json.js'
import type { RowFilter } from './map.js'
import { suggestion } from './nearest.js'
import { RowCollector, type Stamp, splitInteger } from './rows.js'
import type { Request, Table } from './table.js'

/** Decompressors by MCAP's name of the compression: 'zstd', 'lz4'. */
export type Decompressors = Readonly<Record<string, (bytes: Uint8Array, size: bigint) => Uint8Array>>

/** A message as it stands in the file. */
interface RawMessage {
  readonly logTime: bigint
  readonly publishTime: bigint
  readonly data: Uint8Array
}

/** One topic with its messages in order of log time. */
export interface Topic {
  readonly topic: string
  readonly encoding: string
  readonly schema: string
  readonly messages: RawMessage[]
}

/** An opened MCAP file. */
export interface Mcap {
  readonly place: string
  readonly topics: ReadonlyMap<string, Topic>
  readonly metadata: ReadonlyMap<string, ReadonlyMap<string, string>>
  readonly warnings: readonly string[]
}

interface Schema {
  readonly id: number
  readonly name: string
}
interface Channel {
  readonly id: number
  readonly schemaId: number
  readonly topic: string
  readonly messageEncoding: string
}

/** Gathers records into topics. */
class Gatherer {
  readonly topics = new Map<string, Topic>()
  readonly metadata = new Map<string, ReadonlyMap<string, string>>()
  count = 0
  private readonly byChannel = new Map<number, Topic>()
  private readonly schemas = new Map<number, string>()

  constructor(private readonly place: string) {}

  schema(schema: Schema): void {
    this.schemas.set(schema.id, schema.name)
  }

  channel(channel: Channel): void {
    if (this.byChannel.has(channel.id)) return
    const encoding = channel.messageEncoding
    const schema = this.schemas.get(channel.schemaId) ?? ''
    const known = this.topics.get(channel.topic)
    if (known !== undefined && (known.encoding !== encoding || known.schema !== schema)) {
      throw new RecordingError(
        'RECORDING_MCAP',
        `topic '${channel.topic}' has messages of two kinds: ${known.schema} (${known.encoding}) and ${schema} (${encoding})`,
        {
          place: this.place,
        },
      )
    }
    const topic = known ?? { topic: channel.topic, encoding, schema, messages: [] }
    this.topics.set(channel.topic, topic)
    this.byChannel.set(channel.id, topic)
  }

  message(channelId: number, message: RawMessage): void {
    const topic = this.byChannel.get(channelId)
    // caught by openMcap, which then reads from the start
    if (topic === undefined) throw new Error(`a message of channel ${channelId}, which is not declared`)
    topic.messages.push({ logTime: message.logTime, publishTime: message.publishTime, data: message.data })
    this.count++
  }

  finish(warnings: string[]): Mcap {
    for (const { messages } of this.topics.values()) {
      messages.sort((a, b) => (a.logTime < b.logTime ? -1 : a.logTime > b.logTime ? 1 : 0)) // stable
    }
    return { place: this.place, topics: this.topics, metadata: this.metadata, warnings }
  }
}

const reasonOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))

/** Reads a whole file by its index; throws when the index is missing, broken, or leaves messages out. */
async function readIndexed(bytes: Uint8Array, place: string, decompress: Decompressors): Promise<Gatherer> {
  const readable = {
    size: async () => BigInt(bytes.length),
    read: async (offset: bigint, size: bigint) => {
      if (offset < 0n || offset + size > BigInt(bytes.length))
        throw new Error(`bytes ${offset} to ${offset + size} are beyond the end`)
      return bytes.subarray(Number(offset), Number(offset + size))
    },
  }
  const reader = await McapIndexedReader.Initialize({ readable, decompressHandlers: decompress })
  const expected = reader.statistics?.messageCount
  if (expected === undefined) throw new Error('the file has no statistics')
  const gatherer = new Gatherer(place)
  for (const schema of reader.schemasById.values()) gatherer.schema(schema)
  for (const channel of reader.channelsById.values()) gatherer.channel(channel)
  for await (const message of reader.readMessages()) gatherer.message(message.channelId, message)
  for await (const record of reader.readMetadata()) gatherer.metadata.set(record.name, record.metadata)
  // messages outside chunks are not in the index
  if (BigInt(gatherer.count) !== expected)
    throw new Error(`the index reaches ${gatherer.count} of ${expected} messages`)
  return gatherer
}

const FEED = 1 << 22 // bytes given to the streaming reader at a time

/** Reads records from the start until they end or stop making sense. */
function readStream(
  bytes: Uint8Array,
  place: string,
  decompress: Decompressors,
): { gatherer: Gatherer; complete: boolean; reason: string } {
  const gatherer = new Gatherer(place)
  const reader = new McapStreamReader({ decompressHandlers: decompress })
  let reason = 'the file is cut off'
  try {
    for (let at = 0; at < bytes.length; at += FEED) {
      reader.append(bytes.subarray(at, at + FEED))
      for (let record = reader.nextRecord(); record !== undefined; record = reader.nextRecord()) {
        if (record.type === 'Schema') gatherer.schema(record)
        else if (record.type === 'Channel') gatherer.channel(record)
        else if (record.type === 'Message') gatherer.message(record.channelId, record)
        else if (record.type === 'Metadata') gatherer.metadata.set(record.name, record.metadata)
      }
    }
  } catch (error) {
    if (error instanceof RecordingError) throw error
    reason = reasonOf(error)
  }
  return { gatherer, complete: reader.done(), reason }
}

/**
 * Opens an MCAP file: by its index, or, when that is missing or broken (a cut file), record by record from the start.
 * What was recovered then stands in `warnings`.
 *
 * @throws {RecordingError} RECORDING_MCAP when the bytes are no MCAP file, hold no whole message, or are compressed by a
 * method without a decompressor
 */
export async function openMcap(bytes: Uint8Array, place: string, decompress: Decompressors = {}): Promise<Mcap> {
  if (!hasMcapPrefix(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength))) {
    throw new RecordingError('RECORDING_MCAP', 'the file does not begin as an MCAP file does', { place })
  }
  const handlers = { ...(await builtinDecompressors()), ...decompress }
  let indexError: string
  try {
    return (await readIndexed(bytes, place, handlers)).finish([])
  } catch (error) {
    if (error instanceof RecordingError) throw error
    indexError = reasonOf(error)
  }
  const { gatherer, complete, reason } = readStream(bytes, place, handlers)
  const missing = /Unsupported compression (\S+)/.exec(`${indexError} ${reason}`)
  if (missing !== null) {
    throw new RecordingError(
      'RECORDING_MCAP',
      `chunks are compressed with ${missing[1]}, which this program cannot undo here: rewrite the file without compression (mcap compress --compression none), or pass a decompressor`,
      { place },
    )
  }
  if (complete) return gatherer.finish([]) // a whole file that was written without an index
  if (gatherer.count === 0) {
    throw new RecordingError(
      'RECORDING_MCAP',
      `no message could be recovered: ${reason} (and it cannot be opened by index: ${indexError})`,
      { place },
    )
  }
  return gatherer.finish([`${place}: ${reason}; ${gatherer.count} messages recovered by reading from the start`])
}

/** zstd where Node has it (22.15 and later). */
async function builtinDecompressors(): Promise<Decompressors> {
  if (!inNode) return {}
  const zstd: unknown = Reflect.get(nodeModule('node:zlib'), 'zstdDecompressSync')
  return typeof zstd === 'function' ? { zstd: bytes => zstd(bytes) } : {}
}

const isJointState = (schema: string): boolean => /^sensor_msgs\/(msg\/)?JointState$/.test(schema)

/** True for topics that carry sensor_msgs/JointState. */
export const carriesJointState = (topic: Topic): boolean => isJointState(topic.schema)

/**
 * Calls `visit` with each decoded message of a topic and its number, counted from 1.
 *
 * @throws {RecordingError} RECORDING_ENCODING for CDR of other types and other encodings; RECORDING_JSON for broken JSON
 */
export function eachMessage(
  mcap: Mcap,
  topic: Topic,
  visit: (message: unknown, raw: RawMessage, number: number) => void,
): void {
  const place = `${mcap.place} ${topic.topic}`
  const decoder = new TextDecoder()
  const cdr = topic.encoding === 'cdr' && isJointState(topic.schema)
  if (!cdr && topic.encoding !== 'json') {
    throw new RecordingError(
      'RECORDING_ENCODING',
      `messages are ${topic.schema || 'of no schema'} encoded as '${topic.encoding}'; read are JSON of any schema and sensor_msgs/JointState as cdr`,
      { place },
    )
  }
  topic.messages.forEach((raw, i) => {
    const at = `${place} message ${i + 1}`
    let message: unknown
    if (cdr) message = decodeJointState(raw.data, at)
    else {
      try {
        message = parseJson(decoder.decode(raw.data))
      } catch (cause) {
        throw new RecordingError('RECORDING_JSON', `not valid JSON: ${reasonOf(cause)}`, { place: at, cause })
      }
    }
    visit(message, raw, i + 1)
  })
}

/** Finds a topic. @throws {RecordingError} RECORDING_TOPIC; names the nearest */
export function findTopic(mcap: Mcap, name: string): Topic {
  const topic = mcap.topics.get(name)
  if (topic !== undefined) return topic
  throw new RecordingError('RECORDING_TOPIC', `no topic '${name}'${suggestion(name, [...mcap.topics.keys()])}`, {
    place: mcap.place,
  })
}

/** What to take as the time of a message: when it was logged, or when it was published. */
export type MessageClock = 'log' | 'publish'

/**
 * Reads the asked fields of one topic.
 *
 * @param clocks requests that want the message's own stamp [ns] instead of a field, by request
 */
export function readTopic(
  mcap: Mcap,
  name: string,
  requests: readonly Request[],
  filters: readonly RowFilter[],
  clocks: ReadonlyMap<number, MessageClock>,
): Table {
  const topic = findTopic(mcap, name)
  const collector = new RowCollector(`${mcap.place} ${name}`, 'message', requests, filters)
  const stamps = new Map<number, Stamp>()
  eachMessage(mcap, topic, (message, raw, number) => {
    for (const [request, clock] of clocks)
      stamps.set(request, splitInteger(clock === 'log' ? raw.logTime : raw.publishTime))
    collector.push(message, number, stamps)
  })
  return collector.table()
}
