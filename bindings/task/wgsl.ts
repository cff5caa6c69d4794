/**
 * A task program as WGSL: one function a segment, called with a world's number. The text is whole but for an entry point.
 *
 * Quantities lie as [quantity][world]: number k of world w is at k * nworld + w, k as in a block of the CPU engine. What the
 * CPU engine hands over in registers (observation, action, commands, controls, reward) stands in `io`, behind the constants of
 * its name. A segment for some of the worlds is called in those only.
 */
import { V } from '../engine/layout.js'
import { SEGMENTS, type Segment } from '../program.js'
import type { Compiled } from './compile.js'
import type { Operation } from './node.js'
import type { Instruction, SegmentCode } from './segment.js'
import { WGSL_MATH } from './wgsl-math.js'

export interface WgslOptions {
  /** bind group of the buffers; default 0 */
  readonly group?: number
}

export const MEANING: Readonly<Record<Segment, string>> = {
  reset: 'a new episode begins: initial state and variables',
  init: 'after the poses of the new state are known: what history has before the first step',
  observe: 'observation of s_t, then history takes its place',
  act: 'action a_t to commands',
  substep: 'before every timestep: delayed commands to controls',
  dynamics: 'after the timesteps: variables with dynamics of their own',
  reward: 'reward terms, metrics and termination of (s_t, a_t, s_t+1)',
  update: 'after the reward: commands drawn anew',
}

/** What a segment leaves in `io`: name, and which of its outputs; undefined: 0. */
export type Place = readonly [name: string, outputs: readonly (number | undefined)[]]

export function placesOf({ action, observations, rewards, metrics }: Compiled): Record<Segment, readonly Place[]> {
  const from = (first: number, list: { readonly length: number }): number[] =>
    Array.from({ length: list.length }, (_, k) => first + k)
  let next = 0
  const control = action.control.map(x => (x === undefined ? undefined : next++))
  const end = rewards.length + metrics.length
  return {
    reset: [],
    init: [],
    observe: [['OBSERVATION', from(0, observations)]],
    act: [['COMMAND', from(0, action.command)]],
    substep: [['CONTROL', control]],
    dynamics: [],
    reward: [
      ['TERM', from(0, rewards)],
      ['METRIC', from(rewards.length, metrics)],
      ['TERMINATED', [end]],
    ],
    update: [],
  }
}

/** The task's program as WGSL text. */
export function toWgsl(name: string, compiled: Compiled, { group = 0 }: WgslOptions = {}): string {
  const { action, program, segments } = compiled
  const places = placesOf(compiled)
  const io = [
    ['ACTION', action.nact] as const,
    ['DELAYED', action.command.length] as const,
    ...SEGMENTS.flatMap(segment => places[segment].map(([label, list]) => [label, list.length] as const)),
  ]
  let at = 0
  const constants = io.map(([label, count]) => {
    const line = `const ${label}: u32 = ${at}u; // (${count})`
    at += count
    return line
  })
  const binding = (i: number, kind: string, rest: string): string =>
    `@group(${group}) @binding(${i}) var<${kind}> ${rest}`
  return [
    `// Task '${name.replaceAll(/[\r\n]/g, ' ')}', made from its expression graph.`,
    '',
    'struct Task { nworld: u32, seedlo: u32, seedhi: u32, unused: u32 }',
    binding(0, 'uniform', 'task: Task;'),
    `${binding(1, 'storage, read_write', 'd: array<f32>;')} // state, inputs and results of the last timestep`,
    `${binding(2, 'storage, read', 'p: array<f32>;')} // physical parameters`,
    `${binding(3, 'storage, read', 's: array<f32>;')} // poses and velocities of the present state`,
    `${binding(4, 'storage, read_write', 't: array<f32>;')} // slots (${program.nslot}): 0 counts control steps, then ${program.ninput} inputs`,
    `${binding(5, 'storage, read_write', 'io: array<f32>;')} // (${at}), at the places below`,
    `${binding(6, 'storage, read', 'episode: array<vec2u>;')} // env and generation of each world`,
    '',
    ...constants,
    '',
    WGSL_MATH,
    '// four random words of a place in the program',
    'fn words(place: u32, stream: u32, w: u32) -> vec4u {',
    '  let counter = vec4u(place | (u32(t[w]) << 12u), episode[w], stream);',
    '  return philox(counter, vec2u(task.seedlo, task.seedhi));',
    '}',
    '',
    ...SEGMENTS.map(segment => body(segment, segments[segment], places[segment])),
  ].join('\n')
}

function body(segment: Segment, code: SegmentCode, places: readonly Place[]): string {
  const lines: string[] = []
  const results = code.instructions.map((_, i) => `v${i}`)
  const read = (id: number): string => {
    const value = code.values[id]
    if (value.kind === 'const') return literal(value.value)
    if (value.kind === 'result') {
      const random = code.instructions[value.instruction].op === 'random'
      return random ? `${results[value.instruction]}.${'xyzw'[value.lane]}` : results[value.instruction]
    }
    return `io[(${value.kind.toUpperCase()} + ${value.index}u) * n + w]`
  }
  for (const [i, instruction] of code.instructions.entries()) lines.push(`let v${i} = ${expression(instruction, read)}`)
  for (const { base, to, value, what } of code.stores)
    lines.push(`${base}[${base === 'd' ? to / V : to}u * n + w] = ${read(value)}; // ${what}`)
  for (const [name, list] of places) {
    for (const [j, k] of list.entries())
      lines.push(`io[(${name} + ${j}u) * n + w] = ${k === undefined ? '0f' : read(code.outputs[k])};`)
  }
  const prelude = lines.length > 0 ? ['let n = task.nworld;'] : []
  return [
    `// ${MEANING[segment]}`,
    `fn ${segment}(w: u32) {`,
    ...[...prelude, ...lines].map(line => `  ${line}`),
    '}',
    '',
  ].join('\n')
}

function expression(instruction: Instruction, read: (id: number) => string): string {
  switch (instruction.op) {
    case 'load':
      return `${instruction.base}[${instruction.offset / V}u * n + w]; // ${instruction.what}`
    case 'slot':
      return `t[${instruction.slot}u * n + w]; // ${instruction.what}`
    case 'random':
      return `${instruction.normal ? 'normal4' : 'uniform4'}(words(${instruction.block}u, ${instruction.stream}u, w));`
    default: {
      const [a, b = '', c = ''] = instruction.args.map(read)
      return `${FORM[instruction.op](a, b, c)};`
    }
  }
}

const truth = (condition: string): string => `select(0f, 1f, ${condition})`

export const FORM: Readonly<Record<Operation | 'MAD', (a: string, b: string, c: string) => string>> = {
  NEG: a => `-${a}`,
  ABS: a => `abs(${a})`,
  SQRT: a => `sqrt(${a})`,
  EXP: a => `expf(${a})`,
  LOG: a => `logf(${a})`,
  TANH: a => `tanhf(${a})`,
  SIN: a => `sinf(${a})`,
  COS: a => `cosf(${a})`,
  FLOOR: a => `floor(${a})`,
  NOT: a => truth(`${a} == 0f`),
  ADD: (a, b) => `${a} + ${b}`,
  SUB: (a, b) => `${a} - ${b}`,
  MUL: (a, b) => `${a} * ${b}`,
  DIV: (a, b) => `${a} / ${b}`,
  MIN: (a, b) => `min(${a}, ${b})`,
  MAX: (a, b) => `max(${a}, ${b})`,
  POW: (a, b) => `powf(${a}, ${b})`,
  ATAN2: (a, b) => `atan2f(${a}, ${b})`,
  LT: (a, b) => truth(`${a} < ${b}`),
  LE: (a, b) => truth(`${a} <= ${b}`),
  EQ: (a, b) => truth(`${a} == ${b}`),
  AND: (a, b) => truth(`${a} != 0f && ${b} != 0f`),
  OR: (a, b) => truth(`${a} != 0f || ${b} != 0f`),
  WHERE: (a, b, c) => `select(${c}, ${b}, ${a} != 0f)`,
  MAD: (a, b, c) => `${a} * ${b} + ${c}`,
  CLIP: (a, b, c) => `max(min(${a}, ${c}), ${b})`,
}

const LARGEST = 3.4028234663852886e38

/** A number as WGSL takes it: infinities, which it has no word for, as the largest number. */
export function literal(value: number): string {
  const held = Math.min(Math.max(value, -LARGEST), LARGEST)
  const text = `${Object.is(held, -0) ? '-0' : held}f`
  return text.startsWith('-') ? `(${text})` : text
}
