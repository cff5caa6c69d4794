/** What f32x4 multiply and add can do on this core: compiled here, so that no engine code is measured. */
import asc from 'assemblyscript/asc'
import { cpuSeconds } from './timing.js'

const CHAINS = 8
const ROUNDS = 4_000_000
/** four lanes, a multiply and an add */
const PEAK_FLOPS_PER_CALL = CHAINS * ROUNDS * 8

const chains = Array.from({ length: CHAINS }, (_, i) => i)
const SOURCE = `
export function run(n: i32): f32 {
  const a = f32x4.splat(0.999), b = f32x4.splat(0.001)
  ${chains.map(i => `let x${i} = f32x4.splat(${i + 1});`).join(' ')}
  for (let k = 0; k < n; k++) {
    ${chains.map(i => `x${i} = f32x4.add(f32x4.mul(x${i}, a), b);`).join('\n    ')}
  }
  return f32x4.extract_lane(${chains.slice(1).reduce((sum, i) => `f32x4.add(${sum}, x${i})`, 'x0')}, 0)
}
`

/** A function that performs PEAK_FLOPS_PER_CALL operations. */
async function peakModule(): Promise<() => number> {
  const files: Record<string, Uint8Array | string> = {}
  const { error, stderr } = await asc.main(
    ['peak.ts', '-o', 'peak.wasm', '-O3', '--runtime', 'stub', '--enable', 'simd'],
    {
      readFile: name => (name === 'peak.ts' ? SOURCE : null),
      writeFile: (name, data) => {
        files[name] = data
      },
      listFiles: () => [],
    },
  )
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`)
  const { instance } = await WebAssembly.instantiate(files['peak.wasm'] as Uint8Array<ArrayBuffer>, {
    env: { abort: () => {} },
  })
  const run = instance.exports.run as (n: number) => number
  return () => run(ROUNDS)
}

/** f32x4 multiply and add in WebAssembly on one core, flop/s: eight independent chains */
export async function peakFlops(): Promise<number> {
  const run = await peakModule()
  run()
  const times: number[] = []
  for (let i = 0; i < 9; i++) {
    const start = cpuSeconds()
    run()
    times.push(cpuSeconds() - start)
  }
  // the core's limit: what others took from it is no part of it
  return PEAK_FLOPS_PER_CALL / Math.min(...times)
}
