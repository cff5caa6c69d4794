/** What a batch takes of a GPU, before anything is asked of one. */
import type { Model } from '../../model/model.js'
import { topology } from '../layout.js'
import type { AdapterSummary } from './device.js'
import { layOutGpu, STORAGE } from './layout.js'

/** storage buffers that every kernel binds */
export const STORAGE_BUFFERS = STORAGE.length

export interface GpuNeeds {
  readonly nworld: number
  /** contacts a world has room for */
  readonly nconmax: number
  /** bytes of a world: state, results and scratch, in one buffer for all worlds */
  readonly worldBytes: number
  /** bytes more of a world once physical parameters differ by world, in a buffer of their own */
  readonly parameterBytes: number
  /** bytes of the largest buffer: all worlds */
  readonly largestBuffer: number
  /** bytes of all buffers, with parameters of every world's own */
  readonly total: number
}

/** @throws {SizeError} NCONMAX */
export function gpuNeeds(model: Model, nworld: number, nconmax?: number): GpuNeeds {
  const { sizes } = topology(model, new Set(), nconmax, 1)
  const { wsize, psize, msize } = layOutGpu(sizes)
  const [worldBytes, parameterBytes] = [4 * wsize, 4 * psize]
  return {
    nworld,
    nconmax: sizes.nconmax,
    worldBytes,
    parameterBytes,
    largestBuffer: worldBytes * nworld,
    total: 4 * msize + (worldBytes + parameterBytes) * nworld,
  }
}

type Limits = AdapterSummary['limits']

/** bytes that one buffer of a kernel may have */
export const largestBinding = (limits: Limits): number =>
  Math.min(limits.maxStorageBufferBindingSize, limits.maxBufferSize)

/** Most worlds whose state fits an adapter's largest buffer. What memory it has is known only when it is asked for. */
export const largestNworld = (needs: GpuNeeds, limits: Limits): number =>
  Math.floor(largestBinding(limits) / Math.max(needs.worldBytes, needs.parameterBytes, 4))

/** Most contacts a world may have room for so that nworld of them fit; 0 when they never do, undefined when contacts have no part in it. */
export function largestNconmax(model: Model, nworld: number, limits: Limits): number | undefined {
  const fits = (nconmax: number): boolean => gpuNeeds(model, nworld, nconmax).largestBuffer <= largestBinding(limits)
  const needs = gpuNeeds(model, nworld)
  if (gpuNeeds(model, nworld, 1).worldBytes === needs.worldBytes) return undefined
  if (!fits(1)) return 0
  let [low, high] = [1, Math.max(2, needs.nconmax)]
  while (high - low > 1) {
    const middle = (low + high) >> 1
    if (fits(middle)) low = middle
    else high = middle
  }
  return fits(high) ? high : low
}

/** What to do where nworld worlds do not fit, in words. */
export function smaller(model: Model, needs: GpuNeeds, limits: Limits): string {
  const worlds = largestNworld(needs, limits)
  const most = largestNconmax(model, needs.nworld, limits)
  const contacts =
    most === undefined || most >= needs.nconmax
      ? ''
      : most > 0
        ? `, or nconmax at most ${most} instead of ${needs.nconmax}`
        : `; no nconmax makes ${needs.nworld} fit`
  return `use fewer worlds, at most ${worlds}${contacts}`
}

const MIB = 1048576

/** 1.5 KiB, 2.0 MiB, 3.0 GiB */
export function bytesInWords(bytes: number): string {
  if (bytes < MIB) return `${(bytes / 1024).toFixed(1)} KiB`
  return bytes < 1024 * MIB ? `${(bytes / MIB).toFixed(1)} MiB` : `${(bytes / 1024 / MIB).toFixed(2)} GiB`
}
