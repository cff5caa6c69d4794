/** Links every function of the named files (below kernels/, without extension) against some models and shows what the compiler says. */
import { readFileSync } from 'node:fs'
import { topology } from '../../bindings/engine/layout.js'
import { bindingText, layOutGpu, modelConstants } from '../../bindings/engine/webgpu/layout.js'
import { link, stripComments } from '../../bindings/engine/webgpu/link.js'
import { loadModel } from '../../bindings/model/load.js'
import { compile, kernels } from './harness.js'

const models = ['cartpole', 'half_cheetah', 'ant', 'humanoid_mjwarp', 'boxes16', 'panda']
const wanted = process.argv.slice(2).map(x => x.replace(/^kernels\//, '').replace(/\.wgsl$/, ''))
for (const name of models) {
  const folder = new URL('../../../shared/models/', import.meta.url)
  let model: Awaited<ReturnType<typeof loadModel>>
  try {
    model = await loadModel(new URL(`${name}.xml`, folder).pathname)
  } catch (error) {
    console.log(`${name}: ${String(error).slice(0, 200)}`)
    continue
  }
  const top = topology(model, new Set(), undefined, 1)
  const layout = layOutGpu(top.sizes)
  const constants = modelConstants(model, top, layout)
  constants.set('f_sensornoise', 0)
  for (const path of wanted.length > 0 ? wanted : kernels.keys()) {
    const text = stripComments(kernels.get(path) ?? '')
    const names = [...text.matchAll(/^(?:@.*\s)?fn (\w+)/gm)].map(x => x[1])
    const started = performance.now()
    try {
      const code = link(
        kernels,
        names.map(n => ({ path, name: n })),
        constants,
        bindingText(),
      )
      await compile(
        `${code}\n@compute @workgroup_size(1) fn lintmain() { W[0] = call.nworld + M[0] + P[0] + T[0] + E[0] + O[0]; }`,
      )
      console.log(`${name} ${path}: ok, ${code.length} characters, ${(performance.now() - started).toFixed(0)} ms`)
    } catch (error) {
      console.log(`${name} ${path}: ${String((error as Error).message).slice(0, 3000)}`)
    }
  }
}
void readFileSync
process.exit(0)
