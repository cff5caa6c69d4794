/** Saved models: sensors must fit what they look at and where they write. */
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { saveModel } from '../../bindings/model/save.js'
import { refusal } from '../support/refuse.js'

const SITE = ['touch', 'accelerometer', 'velocimeter', 'gyro', 'force', 'torque', 'magnetometer', 'rangefinder']
const JOINT = ['jointpos', 'jointvel', 'jointactuatorfrc', 'jointlimitpos', 'jointlimitvel', 'jointlimitfrc']
const TENDON = ['tendonpos', 'tendonvel', 'tendonactuatorfrc', 'tendonlimitpos', 'tendonlimitvel', 'tendonlimitfrc']
const FRAME = ['framepos', 'framequat', 'framexaxis', 'frameyaxis', 'framezaxis', 'framelinvel', 'frameangvel']
const all = (kinds: readonly string[], what: string): string => kinds.map(kind => `<${kind} ${what}/>`).join('')

const MODEL = `<mujoco><worldbody><body name="b"><joint name="h" range="-1 1" limited="true"/><geom name="g" size=".1"/><site name="s"/>
  <body><joint name="ball" type="ball"/><geom size=".1"/></body></body></worldbody>
  <tendon><fixed name="t" range="-1 1" limited="true"><joint joint="h" coef="1"/></fixed></tendon><actuator><motor name="a" joint="ball"/></actuator>
  <sensor>${all(SITE, 'site="s"')}${all(JOINT, 'joint="h"')}${all(TENDON, 'tendon="t"')}${all(['ballquat', 'ballangvel'], 'joint="ball"')}
    ${all(['actuatorpos', 'actuatorvel', 'actuatorfrc'], 'actuator="a"')}${all([...FRAME, 'framelinacc', 'frameangacc'], 'objtype="geom" objname="g"')}
    ${all(['subtreecom', 'subtreelinvel', 'subtreeangmom'], 'body="b"')}${all(['e_potential', 'e_kinetic', 'clock'], '')}
    <insidesite objtype="body" objname="b" site="s"/><contact geom1="g" num="3" data="found force"/><contact site="s" reduce="netforce" data="found torque"/>
    <rangefinder site="s" data="dist normal"/><gyro site="s" delay=".01" nsample="4"/></sensor></mujoco>`

const changed = (model: Model, name: string, edit: (values: Int32Array) => void): Uint8Array => {
  const values = Int32Array.from(model.field[name])
  edit(values)
  return saveModel({ ...model, field: { ...model.field, [name]: values } })
}

test('every kind of sensor survives being saved', async () => {
  const model = await loadModel(MODEL)
  const again = await loadModel(saveModel(model))
  assert.equal([...again.field.sensor_type], [...model.field.sensor_type])
})

test('a sensor of the wrong size, object, data or history is refused', async () => {
  const model = await loadModel(MODEL)
  for (let i = 0; i < model.nsensor; i++) {
    const place = new RegExp(`sensor_(dim|adr|datatype)\\[${i}\\]`)
    const bytes = changed(model, 'sensor_dim', dim => {
      dim[i] += 1
    })
    assert.match((await refusal(loadModel(bytes), 'MODEL_CORRUPT')).message, place)
  }
  const last = model.nsensor - 1
  const edits: [string, number, number][] = [
    ['sensor_objtype', 0, 1],
    ['sensor_datatype', 0, 3],
    ['sensor_history', 2 * last, 5],
    ['sensor_reftype', model.names.sensor.length - 5, 1],
    ['sensor_intprm', 3 * (last - 1), 0],
  ]
  for (const [name, index, value] of edits) {
    const bytes = changed(model, name, values => {
      values[index] = value
    })
    assert.match((await refusal(loadModel(bytes), 'MODEL_CORRUPT')).message, 'sensor_')
  }
})

test.run()
