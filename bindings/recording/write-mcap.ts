import { McapWriter, TempBuffer } from '@mcap/core'
import type { ChannelMap } from './map.js'
import { itemStep } from './path.js'
import type { Channel, Recording } from './recording.js'
import { parseTarget } from './targets.js'
import { allTimes, decimal, describeChannel, free, type McapOptions } from './write.js'
import { MARK, type Written } from './written.js'

const CHUNK = 256 * 1024 // bytes; a cut file loses at most one chunk
const NANOSECONDS = 1e9

const VALUE_SCHEMA = {
  type: 'object',
  properties: { time: { type: 'number', description: 's' }, value: { type: 'number' } },
  required: ['time', 'value'],
}
const JOINT_SCHEMA = {
  type: 'object',
  properties: {
    header: {
      type: 'object',
      properties: {
        stamp: { type: 'object', properties: { sec: { type: 'integer' }, nanosec: { type: 'integer' } } },
        frame_id: { type: 'string' },
      },
    },
    name: { type: 'array', items: { type: 'string' } },
    position: { type: 'array', items: { type: 'number' } },
    velocity: { type: 'array', items: { type: 'number' } },
    effort: { type: 'array', items: { type: 'number' } },
    time: { type: 'number', description: 's, exact' },
  },
}

interface Joint {
  readonly name: string
  readonly position: Channel | undefined
  readonly velocity: Channel | undefined
}

/** Joints whose position or velocity a plain joint path measures; a joint needs a name that a path can hold. */
function jointsOf(channels: readonly Channel[]): Joint[] {
  const joints = new Map<string, { name: string; position?: Channel; velocity?: Channel }>()
  for (const c of channels) {
    const target = c.measures === undefined ? undefined : parseTarget(c.measures)
    if (target?.kind !== 'joint' || target.component !== undefined || itemStep(target.name) === undefined) continue
    const slot = target.field === 'qpos' ? 'position' : target.field === 'qvel' ? 'velocity' : undefined
    if (slot === undefined) continue
    const joint = joints.get(target.name) ?? { name: target.name }
    joint[slot] ??= c
    joints.set(target.name, joint)
  }
  return [...joints.values()].map(j => ({ name: j.name, position: j.position, velocity: j.velocity }))
}

/** One message before it is written. */
interface Queued {
  readonly time: number
  readonly topic: number
  readonly text: string
}

/** JointState messages of one stamp: joints with the same arrays go together, as the message has one list of names. */
function jointMessages(
  t: number,
  seconds: number,
  joints: readonly { name: string; position?: number; velocity?: number }[],
): string[] {
  const groups = new Map<string, typeof joints>()
  for (const j of joints) {
    const kind = `${j.position === undefined ? '' : 'p'}${j.velocity === undefined ? '' : 'v'}`
    if (kind !== '') groups.set(kind, [...(groups.get(kind) ?? []), j])
  }
  const sec = Math.floor(seconds)
  const nanosec = Math.min(Math.floor((seconds - sec) * NANOSECONDS), NANOSECONDS - 1)
  const list = (values: (number | undefined)[]) =>
    `[${values
      .filter(v => v !== undefined)
      .map(decimal)
      .join(',')}]`
  return [...groups.values()].map(
    group =>
      `{"header":{"stamp":{"sec":${sec},"nanosec":${nanosec}},"frame_id":""},"name":${JSON.stringify(group.map(j => j.name))},` +
      `"position":${list(group.map(j => j.position))},"velocity":${list(group.map(j => j.velocity))},"effort":[],"time":${decimal(t)}}`,
  )
}

/** See writeMcap. */
export async function packMcap(recording: Recording, options: McapOptions): Promise<Uint8Array> {
  const buffer = new TempBuffer()
  const writer = new McapWriter({ writable: buffer, chunkSize: CHUNK })
  await writer.start({ profile: '', library: 'simcrank' })
  const joints = options.layout === 'joint-state' ? jointsOf(recording.channels) : []
  const asJoint = new Map<Channel, ChannelMap>()
  // names as they survive UTF-8, each its own
  const taken = new Set<string>()
  const topicOf = new Map(
    recording.channels.map(c => {
      const topic = free(new TextDecoder().decode(new TextEncoder().encode(c.name)), taken)
      taken.add(topic)
      return [c, topic]
    }),
  )
  const jointTopic = free('/joint_states', taken)
  for (const j of joints) {
    if (j.position !== undefined) asJoint.set(j.position, { topic: jointTopic, field: `position${itemStep(j.name)}` })
    if (j.velocity !== undefined) asJoint.set(j.velocity, { topic: jointTopic, field: `velocity${itemStep(j.name)}` })
  }
  const mark: Written = {
    version: 1,
    name: recording.name,
    constants: Object.entries(recording.constants),
    time: { field: 'time', unit: 's', origin: 'keep' },
    channels: recording.channels.map(c => [
      c.name,
      describeChannel(c, asJoint.get(c) ?? { topic: topicOf.get(c)!, field: 'value' }),
    ]),
  }
  await writer.addMetadata({ name: MARK, metadata: new Map([['recording', JSON.stringify(mark)]]) })

  const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value))
  const schemaId = await writer.registerSchema({
    name: 'simcrank.Value',
    encoding: 'jsonschema',
    data: encode(VALUE_SCHEMA),
  })
  const plain = recording.channels.filter(c => !asJoint.has(c))
  const topics: number[] = []
  for (const c of plain)
    topics.push(
      await writer.registerChannel({
        schemaId,
        topic: topicOf.get(c)!,
        messageEncoding: 'json',
        metadata: new Map([['unit', c.unit]]),
      }),
    )
  if (joints.length > 0) {
    const jointSchema = await writer.registerSchema({
      name: 'sensor_msgs/msg/JointState',
      encoding: 'jsonschema',
      data: encode(JOINT_SCHEMA),
    })
    topics.push(
      await writer.registerChannel({
        schemaId: jointSchema,
        topic: jointTopic,
        messageEncoding: 'json',
        metadata: new Map(),
      }),
    )
  }

  const times = allTimes(recording.channels)
  const zero = Math.min(0, times[0]) // log times are unsigned
  const next = new Map<Channel, number>(recording.channels.map(c => [c, 0]))
  const take = (c: Channel | undefined, t: number): number | undefined => {
    if (c === undefined) return undefined
    const i = next.get(c)!
    if (i >= c.time.length || c.time[i] !== t) return undefined
    next.set(c, i + 1)
    return c.values[i]
  }
  const text = new TextEncoder()
  let sequence = 0
  const send = async ({ time, topic, text: message }: Queued) => {
    const logTime = BigInt(Math.round((time - zero) * NANOSECONDS))
    await writer.addMessage({
      channelId: topic,
      sequence: sequence++,
      logTime,
      publishTime: logTime,
      data: text.encode(message),
    })
  }
  for (const t of times) {
    for (let i = 0; i < plain.length; i++) {
      const value = take(plain[i], t)
      if (value !== undefined)
        await send({ time: t, topic: topics[i], text: `{"time":${decimal(t)},"value":${decimal(value)}}` })
    }
    const present = joints.map(j => ({ name: j.name, position: take(j.position, t), velocity: take(j.velocity, t) }))
    for (const message of jointMessages(t, t - zero, present))
      await send({ time: t, topic: topics[plain.length], text: message })
  }
  await writer.end()
  return buffer.get()
}
