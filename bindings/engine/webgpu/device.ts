/** The GPU of this process: navigator.gpu in a browser, the package `webgpu` (Dawn) in Node, loaded when first asked for. */
import { BackendError } from '../../errors.js'
import { inNode } from '../../host.js'

/** limits we ask for: all that the adapter has of what bounds worlds and kernels */
const LIMITS = [
  'maxBufferSize',
  'maxStorageBufferBindingSize',
  'maxStorageBuffersPerShaderStage',
  'maxComputeWorkgroupsPerDimension',
  'maxComputeInvocationsPerWorkgroup',
  'maxComputeWorkgroupSizeX',
] as const

// a name apart, so that no bundler for pages looks for it
const PACKAGE: string = 'webgpu'

let found: Promise<GPU> | undefined

/** @throws {BackendError} WEBGPU_MISSING where there is no WebGPU, or the package does not load */
export function openGpu(): Promise<GPU> {
  found ??= findGpu()
  return found
}

async function findGpu(): Promise<GPU> {
  if (typeof navigator !== 'undefined' && navigator.gpu) return navigator.gpu
  if (!inNode)
    throw new BackendError(
      'WEBGPU_MISSING',
      "this browser has no WebGPU, or the page is not in a secure context (https or localhost); use backend: 'wasm'",
    )
  let webgpu: typeof import('webgpu')
  try {
    webgpu = await import(/* webpackIgnore: true */ /* @vite-ignore */ PACKAGE)
  } catch (cause) {
    throw new BackendError(
      'WEBGPU_MISSING',
      "the package 'webgpu' does not load: npm install webgpu@0.6.2 (it needs glibc 2.36 or newer), or use backend: 'wasm'",
      { cause },
    )
  }
  Object.assign(globalThis, webgpu.globals)
  return webgpu.create([])
}

/** What is said of an adapter. */
export interface AdapterSummary {
  readonly vendor: string
  readonly architecture: string
  readonly description: string
  readonly limits: Readonly<Record<(typeof LIMITS)[number], number>>
}

/** @throws {BackendError} NO_ADAPTER */
export async function requestAdapter(): Promise<GPUAdapter> {
  const gpu = await openGpu()
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' })
  if (!adapter)
    throw new BackendError(
      'NO_ADAPTER',
      'WebGPU finds no adapter: install a GPU driver with Vulkan, Metal or Direct3D 12 (docs/gpu.md has how to run ' +
        "without a GPU), or use backend: 'wasm'",
    )
  return adapter
}

export function describeAdapter(adapter: GPUAdapter): AdapterSummary {
  const { vendor, architecture, description } = adapter.info
  const limits = Object.fromEntries(LIMITS.map(name => [name, adapter.limits[name]])) as AdapterSummary['limits']
  return { vendor, architecture, description, limits }
}

/** A device with the adapter's limits. @throws {BackendError} NO_ADAPTER, NO_DEVICE */
export async function openDevice(): Promise<{ device: GPUDevice; adapter: AdapterSummary }> {
  const adapter = await requestAdapter()
  const summary = describeAdapter(adapter)
  try {
    const device = await adapter.requestDevice({ requiredLimits: { ...summary.limits } })
    return { device, adapter: summary }
  } catch (cause) {
    throw new BackendError('NO_DEVICE', `the adapter '${summary.description}' gives no device`, { cause })
  }
}
