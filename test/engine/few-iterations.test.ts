/** Steps of a solver that is stopped before its minimum: where its acceleration and its forces part, MuJoCo's choice of them. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { createBatch } from '../../bindings/engine/index.js'
import { loadModel } from '../../bindings/model/load.js'
import { QUADRUPED } from '../../bindings/tasks/models/quadruped.js'
import { openOracle, rng } from '../support/oracle.js'

/** the model's joints, with damping of their own where asked */
const quadruped = (iterations: number, damping: number, integrator: string): string =>
  QUADRUPED.replace('integrator="Euler"', `integrator="${integrator}" iterations="${iterations}"`).replace(
    /armature="/g,
    `damping="${damping}" armature="`,
  )

for (const integrator of ['Euler', 'implicitfast']) {
  for (const damping of [0, 0.3]) {
    for (const iterations of [1, 3]) {
      test(`${integrator}, damping ${damping}, ${iterations} iterations: velocities after a step`, async () => {
        const xml = quadruped(iterations, damping, integrator)
        const model = await loadModel(xml)
        assert.is(model.field.opt_iterations[0], iterations)
        assert.is(
          model.field.dof_damping.some(x => x > 0),
          damping > 0,
        )
        const oracle = await openOracle(xml)
        const batch = await createBatch(model, { nworld: 1 })
        oracle.reset(0)
        const random = rng(iterations)
        const home = Array.from(model.field.key_ctrl).slice(0, model.nu)
        let early = 0
        for (let k = 0; k < 60; k++) {
          const ctrl = home.map(x => x + 0.2 * random.normal())
          for (const field of ['qpos', 'qvel', 'qacc_warmstart']) batch.set(field, oracle.get(field))
          batch.set('ctrl', ctrl)
          await batch.step()
          oracle.write('ctrl', ctrl).step(1)
          if (oracle.data.nefc > 0) early++
          const [ours, theirs] = [await batch.get('qvel'), oracle.get('qvel')]
          const size = Math.max(1, ...theirs.map(Math.abs))
          for (let i = 0; i < model.nv; i++)
            assert.ok(
              Math.abs(ours[i] - theirs[i]) < 1e-3 * size,
              `step ${k}: qvel[${i}] is ${ours[i]}, in MuJoCo ${theirs[i]}`,
            )
        }
        assert.ok(early > 20, `${early} steps have constraints`)
        oracle.dispose()
        batch.dispose()
      })
    }
  }
}

test.run()
