/** Episodes of a task on the GPU, as a host runs them: buffers, record, dispatches. */
import type { Batch } from '../../bindings/engine/batch.js'
import type { Episodes, FrozenNormalizer, Members, RolloutSettings } from '../../bindings/engine/rollout.js'
import type { KernelFiles, Typed } from '../../bindings/engine/webgpu/link.js'
import {
  programConstants,
  type RolloutBuild,
  rolloutConstants,
  rolloutWork,
} from '../../bindings/engine/webgpu/program.js'
import { normalTable, seedWords } from '../../bindings/math/index.js'
import type { Model } from '../../bindings/model/model.js'
import { LAYER_WORDS, type Network, ROLLOUT, TASK_NEED, TRACK } from '../../bindings/program.js'
import { policyKernel, taskKernel } from '../../bindings/task/kernel.js'
import type { CompiledTask } from '../../bindings/task/task.js'
import { Kernels, Table, words } from './dispatch.js'
import { kernels, Scene } from './harness.js'

const NOTHING = new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0))

/** what is recorded: a name of the task's io and an index in it, or a field of the state and an element */
export interface Recorded {
  readonly kind: number
  readonly name: string
  readonly index: number
}

export interface GpuJob {
  readonly model: Model
  readonly task: CompiledTask
  readonly network: Network
  readonly settings: RolloutSettings
  readonly members: Members
  readonly episodes: Episodes
  readonly normalizer?: FrozenNormalizer
  readonly tracks?: readonly Recorded[]
  readonly nring?: number
  /** fields that differ by episode; their values stand in episodes.parameters */
  readonly varied?: readonly string[]
  readonly nworld: number
  /** control steps a dispatch; 0: a control step in parts */
  readonly nstep: number
}

export interface GpuResult {
  readonly rows: number[][]
  readonly observations: number[][]
  readonly tracks: number[][]
}

/** The words of a world of a model as it begins. */
export async function stateOf(model: Model, perWorld: boolean) {
  // a scene of such worlds draws masses: back to the model's own
  const prepare = (batch: Batch) => {
    if (perWorld) batch.set('body_mass', model.field.body_mass)
  }
  const scene = await Scene.open(model, NOTHING, 1, { nworld: 1, nstep: 0, kick: 0, control: 0, perWorld, prepare })
  await scene.seed()
  return { scene, M: await scene.read('M'), P: await scene.read('P'), W: await scene.read('W') }
}

/** One world's words for many. */
export function repeat(one: Uint32Array, size: number, count: number): Uint32Array<ArrayBuffer> {
  const out = new Uint32Array(Math.max(1, size) * count)
  for (let i = 0; i < size; i++) out.fill(one[i], i * count, (i + 1) * count)
  return out
}

const bits = (x: number) => words(Float32Array.of(x))[0]

/** Run all episodes; each row: return, length, end, terms, metrics. */
export async function episodesOnGpu(job: GpuJob): Promise<GpuResult> {
  const { model, task, network, settings, members, episodes, normalizer, tracks = [], nworld, nstep, varied = [] } = job
  const { program, compiled } = task
  const { scene, M, P, W } = await stateOf(model, varied.length > 0)
  const { dsize, wsize, psize, w, p } = scene.gpuLayout

  const kernel = taskKernel(compiled, task.layout)
  const { perturb, rank = 0 } = members
  const T = new Table()
  const floats = (values: Float32Array | undefined) => (values === undefined ? 0 : T.put(values))
  const n = episodes.rows.length / 4
  const places = varied.flatMap(name => {
    const size = model.field[name].length
    return Array.from({ length: size }, (_, e) => (p.get(name) as number) + e)
  })
  const build: RolloutBuild = {
    program,
    network,
    settings,
    perturb,
    rank,
    nring: job.nring ?? 0,
    clip: normalizer?.clip ?? 0,
    nvalue: places.length,
    fromParameters: varied.includes('qpos0') || varied.includes('body_pos') || varied.includes('body_quat'),
    at: {
      delayof: T.put(settings.delayOf ?? new Int32Array(program.command.length).fill(-1)),
      template: T.put(W.slice(0, dsize)),
      valueof: T.put(Int32Array.from(places)),
      network: T.put(Int32Array.from(network.layers.flatMap(layer => LAYER_WORDS.map(word => Number(layer[word]))))),
      theta: T.put(members.theta),
      normals: T.put(normalTable()),
      mean: floats(normalizer?.center),
      scale: floats(normalizer?.scale),
    },
  }
  const nout = 3 + program.terms.length + program.metrics.length
  const out = nworld + 4
  const obsums = out + n * nout
  const trackout = obsums + 2 * n * network.nobs
  const osize = trackout + n * settings.T * tracks.length
  const values = varied.length === 0 ? new Float32Array(0) : table(varied, model, episodes)
  const record: Record<string, number> = {
    nepisode: n,
    next: 4,
    seedlo: seedWords(settings.seed)[0],
    seedhi: seedWords(settings.seed)[1],
    episodes: T.put(episodes.rows),
    inputs: floats(episodes.inputs),
    values: T.put(values),
    sigma: bits(members.sigma ?? 0),
    sigmas: floats(members.sigmas),
    members: floats(members.members),
    thetalo: seedWords(members.seed ?? 0)[0],
    thetahi: seedWords(members.seed ?? 0)[1],
    generation: members.generation ?? 0,
    out,
    obsums,
    ntrack: tracks.length,
    track: T.put(
      Int32Array.from(
        tracks.flatMap(({ kind, name, index }) => [
          kind,
          (kind === TRACK.STATE ? (w.get(name) as number) : kernel.places[name]) + index,
        ]),
      ),
    ),
    trackout,
  }
  const a0 = T.put(Uint32Array.from(ROLLOUT, name => record[name] ?? 0))

  const constants = new Map<string, number | Typed>([
    ...scene.constants,
    ...programConstants(),
    ...rolloutConstants(build),
    ['f_dsize', dsize],
  ])
  // torques of contacts are about the centres of mass of trees, which the recursion in the plane does without
  if (program.needs & TASK_NEED.CONTACT_FORCES) constants.set('f_planar', 0)
  const files: KernelFiles = new Map([
    ...kernels,
    ['rollout/task', kernel.text],
    ['rollout/policy', policyKernel(network, perturb, rank)],
  ])
  const npar = varied.length > 0 ? nworld : 1
  const names =
    nstep > 0
      ? ['rolloutStart', 'rolloutBegin', 'rolloutSteps']
      : ['rolloutStart', 'rolloutBegin', 'rolloutCommand', 'rolloutControl', 'rolloutReward']
  const entries = names.map(name => ({ path: 'rollout/entry', name }))
  if (nstep === 0 && settings.frameSkip > 0) entries.push({ path: 'index', name: 'step' })
  const k = await Kernels.open(
    entries,
    constants,
    {
      M,
      P: repeat(P, psize, npar),
      W: wsize * nworld,
      T: T.words,
      E: rolloutWork(build, kernel.nio) * nworld,
      O: osize + 4,
    },
    files,
  )
  const call = { nworld, count: nworld, nlane: nworld, npar, a0, nstep }
  k.run('rolloutStart', call)
  for (let round = 0; round < 10000; round++) {
    k.run('rolloutBegin', call)
    if (nstep > 0) k.run('rolloutSteps', call)
    else {
      k.run('rolloutCommand', call)
      for (let step = 0; step < settings.frameSkip; step++) {
        k.run('rolloutControl', { ...call, a1: step })
        k.run('step', { ...call, nstep: 1 })
      }
      k.run('rolloutReward', call)
    }
    if (round % 8 !== 7) continue
    const finished = (await k.read('O')).subarray(4, 4 + nworld)
    if (finished.reduce((a, b) => a + b, 0) === n) break
  }
  const O = await k.read('O')
  k.release()
  scene.release()
  const slice = (at: number, size: number) =>
    Array.from({ length: n }, (_, i) => [...new Float32Array(O.buffer, 4 * (at + i * size), size)])
  return {
    rows: slice(out, nout),
    observations: slice(obsums, 2 * network.nobs),
    tracks: slice(trackout, settings.T * tracks.length),
  }
}

/** values of the rows, the model's own last, as Rollout has them */
function table(varied: readonly string[], model: Model, { parameters, rows }: Episodes): Float32Array {
  const given = parameters ?? new Map<string, Float64Array>()
  let nrow = 0
  for (const name of varied) nrow = Math.max(nrow, (given.get(name)?.length ?? 0) / model.field[name].length)
  for (let i = 0; i < rows.length / 4; i++) if (rows[4 * i + 3] < 0) rows[4 * i + 3] = nrow
  const out: number[] = []
  for (let i = 0; i <= nrow; i++)
    for (const name of varied) {
      const own = model.field[name]
      const values = given.get(name)
      for (let e = 0; e < own.length; e++) out.push(i < nrow && values ? values[i * own.length + e] : own[e])
    }
  return Float32Array.from(out)
}
