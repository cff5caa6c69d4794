/**
 * A task and a policy as files of kernels/: text that takes the place of rollout/task.wgsl and rollout/policy.wgsl, so that
 * the compiler knows every expression and the bounds of every loop.
 */
import { type Layout, V } from '../engine/layout.js'
import type { RolloutTexts, TaskText } from '../engine/rollout.js'
import { widestOf } from '../engine/webgpu/program.js'
import { ACTIVATION, LAYER, layerMemory, type Network, PERTURB, SEGMENTS, type Segment } from '../program.js'
import type { Compiled } from './compile.js'
import type { Base, Instruction, SegmentCode } from './segment.js'
import type { CompiledTask } from './task.js'
import { FORM, literal, MEANING, type Place, placesOf } from './wgsl.js'

const IMPORTS = `// import { par, ld, st } from '../math/v4'
// import { exp4 as expf, log4 as logf, pow4 as powf } from '../math/exp'
// import { normals4 } from '../math/philox'
// import { tanh4 as tanhf } from '../math/tanh'
// import { atan2 as atan2f, sincos } from '../math/trig'
// import { lde, ste } from '../shared/buffers'
// import { slotsOf, W_IO } from './episode'
// import { uniforms, words } from './expression'

fn sinf(x: f32) -> f32 { return sincos(x).sin; }
fn cosf(x: f32) -> f32 { return sincos(x).cos; }
`

/**
 * The segments of a task.
 *
 * @param layout that the task was compiled for: its offsets become fields, which lie elsewhere on a GPU
 */
export function taskKernel(compiled: Compiled, layout: Layout): TaskText {
  const { action, segments } = compiled
  const outputs = placesOf(compiled)
  const places = new Map<string, number>()
  let nio = 0
  const take = (name: string, count: number): void => {
    places.set(name, nio)
    nio += count
  }
  take('ACTION', action.nact)
  take('DELAYED', action.command.length)
  for (const segment of SEGMENTS) for (const [name, list] of outputs[segment]) take(name, list.length)
  const field = fieldNames(layout)
  const text = [
    IMPORTS,
    ...[...places, ['NIO', nio] as const].map(([name, at]) => `const ${name}: i32 = ${at};`),
    '',
    ...SEGMENTS.map(segment => body(segment, segments[segment], outputs[segment], field)),
  ].join('\n')
  return { text, places: Object.fromEntries(places), nio }
}

type FieldName = (base: Base, offset: number) => string

/** byte offsets of a layout as addresses by field */
function fieldNames(layout: Layout): FieldName {
  const sorted = (map: ReadonlyMap<string, number>) => [...map].sort((a, b) => a[1] - b[1])
  const lists = { d: sorted(layout.d), p: sorted(layout.p), s: sorted(layout.s) }
  return (base, offset) => {
    // of fields that begin at one place all but the last are empty
    const found = lists[base].findLast(([, at]) => at <= offset)
    if (found === undefined) throw new RangeError(`there is no field at ${offset} of ${base}`)
    return `f_${found[0]} + ${(offset - found[1]) / V}`
  }
}

function body(segment: Segment, code: SegmentCode, places: readonly Place[], field: FieldName): string {
  const lines: string[] = []
  const read = (id: number): string => {
    const value = code.values[id]
    if (value.kind === 'const') return literal(value.value)
    if (value.kind !== 'result') return `lde(W_IO + ${value.kind.toUpperCase()} + ${value.index})`
    const random = code.instructions[value.instruction].op === 'random'
    return `v${value.instruction}${random ? `.${'xyzw'[value.lane]}` : ''}`
  }
  for (const [i, instruction] of code.instructions.entries())
    lines.push(`let v${i} = ${expression(instruction, read, field)};`)
  for (const { base, to, value } of code.stores) {
    if (base === 'd') lines.push(`st(${field('d', to)}, ${read(value)});`)
    else lines.push(`ste(slotsOf() + ${to}, ${read(value)});`)
  }
  for (const [name, list] of places)
    for (const [j, k] of list.entries())
      lines.push(`ste(W_IO + ${name} + ${j}, ${k === undefined ? '0f' : read(code.outputs[k])});`)
  return [`// ${MEANING[segment]}`, `fn ${segment}Segment() {`, ...lines.map(line => `  ${line}`), '}', ''].join('\n')
}

function expression(instruction: Instruction, read: (id: number) => string, field: FieldName): string {
  switch (instruction.op) {
    case 'load':
      return `${instruction.base === 'p' ? 'par' : 'ld'}(${field(instruction.base, instruction.offset)})`
    case 'slot':
      return `lde(slotsOf() + ${instruction.slot})`
    case 'random':
      return `${instruction.normal ? 'normals4' : 'uniforms'}(words(${instruction.block}u, ${instruction.stream}u))`
    default: {
      const [a, b = '', c = ''] = instruction.args.map(read)
      return FORM[instruction.op](a, b, c)
    }
  }
}

/** Quantities that a layer's matrices and vectors take of those that differ by world. */
function wideOf({ kind, nin, nout, bias }: Network['layers'][number], perturb: number, rank: number): number {
  if (perturb === PERTURB.NONE) return 0
  const matrix = (m: number, n: number) => (perturb === PERTURB.LOWRANK ? (m + n) * rank : m * n)
  if (kind === LAYER.DENSE) return matrix(nout, nin) + (bias ? nout : 0)
  const gates = kind === LAYER.GRU ? 3 : 4
  return matrix(gates * nout, nin) + matrix(gates * nout, nout) + 4 * nout
}

/** The layers of a policy; `perturb` and `rank` say what the parameters of a world are. */
export function policyKernel(network: Network, perturb: number, rank: number): string {
  const widest = widestOf(network)
  const lines: string[] = []
  let [wide, memory] = [0, 0]
  let [input, output, other] = ['x', 'buffer', `buffer + ${widest}`]
  for (const layer of network.layers) {
    const { kind, nin, nout, offset, bias } = layer
    const common = `r_theta + ${offset}, wide + ${wide}, ${nin}, ${nout}`
    const t = `buffer + ${2 * widest}`
    if (kind === LAYER.DENSE) {
      const name = Object.entries(ACTIVATION).find(([, value]) => value === layer.activation)?.[0] as string
      lines.push(`dense(${common}, ACTIVATION_${name.toUpperCase()}, ${bias}, ${input}, ${output}, ${t});`)
    } else {
      const cell = kind === LAYER.GRU ? 'gru' : 'lstm'
      lines.push(`${cell}(${common}, ${input}, memory + ${memory}, ${output}, ${t});`)
    }
    wide += wideOf(layer, perturb, rank)
    memory += layerMemory(layer)
    input = output
    ;[output, other] = [other, output]
  }
  return [
    "// import { dense, gru, lstm } from './network'",
    '',
    'fn network(x: i32, wide: i32, memory: i32, buffer: i32) -> i32 {',
    ...lines.map(line => `  ${line}`),
    `  return ${input};`,
    '}',
    '',
  ].join('\n')
}

/** What a GPU compiles for a task. */
export function textsOf({ compiled, layout }: Pick<CompiledTask, 'compiled' | 'layout'>): RolloutTexts {
  return { task: () => taskKernel(compiled, layout), policy: policyKernel }
}
