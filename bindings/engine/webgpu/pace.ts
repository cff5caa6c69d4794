/** How much one dispatch of a kernel may do, from how long those before took. */
import { type GpuEngine, WORKGROUP } from './engine.js'

/** a dispatch is planned to take this long, ms: drivers reset a GPU that answers nothing else for a second or two */
const PLANNED_MS = 50
/** how much more than the last one a dispatch may be asked to do */
const GROWTH = 8
/** part of the expected time that is slept through before the device is asked: asking keeps a processor busy */
const ASLEEP = 0.7
/** ms, below which a timer is not worth it */
const NAP = 4
/** steps of one dispatch: what else a device has to do waits for it */
const MOST_STEPS = 4096
/** part of an estimate that stays when a dispatch was quicker: worlds that stand still may move again */
const FORGET = 0.5
/** part of a measured time that is surely work, not waiting */
const LEAST_WORK = 0.25

/**
 * Dispatches of nstep steps of many worlds. Worlds that stand still cost nothing, so a quick dispatch says little about those
 * in which all move: the estimate of a step falls slowly, and new episodes begin with a single step.
 */
export class Pace {
  /** worlds that a dispatch of one step may have */
  #width = WORKGROUP
  /** ms of a step of all worlds; 0: not known in these episodes */
  #step = 0
  #last = 0

  constructor(private readonly engine: GpuEngine) {}

  /** New episodes begin. */
  restart(): void {
    this.#step = 0
    this.#last = 0
  }

  /** Steps that the next sweep over so many worlds may have. */
  steps(nworld: number): number {
    if (this.#step === 0 || this.#width < nworld) return 1
    return Math.max(1, Math.min(Math.floor(PLANNED_MS / this.#step), GROWTH * this.#last, MOST_STEPS))
  }

  /**
   * So many steps of all worlds, in as many dispatches as it takes.
   *
   * @param dispatch some of the worlds
   * @param wait resolves when a dispatch is done
   */
  async sweep(
    dispatch: (first: number, count: number) => void,
    nworld: number,
    nstep: number,
    wait: () => Promise<unknown> = () => this.engine.finished(),
  ): Promise<void> {
    const most = WORKGROUP * this.engine.adapter.limits.maxComputeWorkgroupsPerDimension
    let total = 0
    for (let first = 0; first < nworld; ) {
      const count = Math.min(nworld - first, this.#width, most)
      // clock: to cut dispatches, not to compute
      const begin = performance.now()
      dispatch(first, count)
      const nap = ASLEEP * Math.min(PLANNED_MS, this.#step * nstep * (count / nworld))
      if (nap > NAP) await new Promise(resolve => setTimeout(resolve, nap))
      await wait()
      // clock: as above
      const took = performance.now() - begin
      total += took
      if (count === this.#width) this.#adapt(took / nstep)
      first += count
    }
    // of a single step much may be waiting
    this.#step = Math.max(FORGET * this.#step, (nstep === 1 ? LEAST_WORK : 1) * (total / nstep))
    this.#last = nstep
  }

  #adapt(took: number): void {
    const factor = Math.min(GROWTH, PLANNED_MS / took)
    // wider only in the first step, in which all worlds move; and not at every small change
    if (factor < 0.5 || (factor > 2 && this.#step === 0))
      this.#width = Math.max(WORKGROUP, Math.floor((this.#width * factor) / WORKGROUP) * WORKGROUP)
  }
}
