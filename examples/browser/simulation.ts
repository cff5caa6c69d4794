/** Worlds of a model that step as fast as they can, driven by waves. */
import { type Batch, createBatch, type Model } from 'simcrank'

/** s of simulated time after which all worlds begin anew */
const EPISODE = 8
/** ms that the steps between two pictures may take */
const BUDGET = 24
/** Hz of the waves */
const [SLOWEST, FASTEST] = [0.4, 1.6]

export interface Choice {
  readonly backend: 'wasm' | 'webgpu'
  readonly nworld: number
}

export class Simulation {
  /** steps since the last reset */
  #step = 0
  /** steps between two pictures */
  #nstep = 1
  #warm = false
  /** world-steps a second, smoothed */
  speed = 0
  /** simulated seconds a second, smoothed */
  pace = 0
  readonly #ctrl: Float32Array

  private constructor(
    readonly model: Model,
    private readonly batch: Batch,
  ) {
    this.#ctrl = new Float32Array(batch.nworld * model.nu)
    this.#reset()
  }

  /** @throws {SimcrankError} where the engine cannot start: no WebGPU, no memory */
  static async open(model: Model, { backend, nworld }: Choice): Promise<Simulation> {
    // threads share memory, which a page may only when it is isolated
    const workers = backend === 'wasm' && crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency) : 1
    return new Simulation(model, await createBatch(model, { nworld, backend, workers, seed: 1 }))
  }

  get words(): string {
    const { backend, nworld, workers } = this.batch
    const where = backend === 'webgpu' ? 'WebGPU' : `WebAssembly, ${workers} ${workers === 1 ? 'thread' : 'threads'}`
    return `${nworld.toLocaleString('en')} worlds on ${where}`
  }

  #reset(): void {
    this.#step = 0
    const wide = { kind: 'uniform', scale: 0.1 } as const
    this.batch.reset({ distribution: { qpos: wide, qvel: wide } })
  }

  /** Every actuator of every world has a wave of its own. */
  #drive(time: number): void {
    const { nu, field } = this.model
    for (let i = 0; i < this.#ctrl.length; i++) {
      const low = field.actuator_ctrlrange[2 * (i % nu)]
      const high = field.actuator_ctrlrange[2 * (i % nu) + 1]
      // the golden ratio spreads frequencies and phases evenly
      const frequency = SLOWEST + ((i * 0.618034) % 1) * (FASTEST - SLOWEST)
      const wave = Math.sin(2 * Math.PI * (frequency * time + ((i * 0.414214) % 1)))
      this.#ctrl[i] = (low + high) / 2 + (0.6 * wave * (high - low)) / 2
    }
    this.batch.set('ctrl', this.#ctrl)
  }

  /** Steps on. @returns positions (nworld, nbody, 3) and quaternions (nworld, nbody, 4) of the bodies */
  async advance(): Promise<{ readonly xpos: Float32Array; readonly xquat: Float32Array }> {
    const timestep = this.model.field.opt_timestep[0]
    if (this.#step * timestep > EPISODE) this.#reset()
    this.#drive(this.#step * timestep)
    const begin = performance.now()
    await this.batch.step(this.#nstep)
    // where steps are only queued, reading waits for them
    const xpos = await this.batch.get('xpos')
    const took = performance.now() - begin
    const xquat = await this.batch.get('xquat')
    this.#step += this.#nstep
    const rate = (1000 * this.#nstep) / took
    // the first step compiles kernels: it says nothing
    const blend = (old: number, fresh: number): number => (old === 0 ? fresh : old + 0.1 * (fresh - old))
    if (this.#warm) {
      this.speed = blend(this.speed, rate * this.batch.nworld)
      this.pace = blend(this.pace, rate * timestep)
    }
    this.#warm = true
    // waves are of some steps each
    this.#nstep = Math.max(1, Math.min(8, Math.floor((this.#nstep * BUDGET) / took)))
    return { xpos, xquat }
  }

  dispose(): void {
    this.batch.dispose()
  }
}
