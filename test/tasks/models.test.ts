/** Our own models of the Gymnasium tasks have the physics of Gymnasium's assets: every size, number and name. */
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { test } from 'uvu'
import * as assert from 'uvu/assert'
import { modelFields, SIZES } from '../../bindings/fields.js'
import { loadModel } from '../../bindings/model/load.js'
import type { Model } from '../../bindings/model/model.js'
import { ANT } from '../../bindings/tasks/models/ant.js'
import { HALF_CHEETAH } from '../../bindings/tasks/models/half-cheetah.js'
import { HOPPER } from '../../bindings/tasks/models/hopper.js'
import { HUMANOID } from '../../bindings/tasks/models/humanoid.js'
import { INVERTED_PENDULUM } from '../../bindings/tasks/models/inverted-pendulum.js'
import { REACHER } from '../../bindings/tasks/models/reacher.js'
import { SWIMMER } from '../../bindings/tasks/models/swimmer.js'
import { WALKER2D } from '../../bindings/tasks/models/walker2d.js'
import { skippable } from '../support/skip.js'

const folder = fileURLToPath(new URL('../../../shared/models/', import.meta.url))
const standard = skippable(test, existsSync(folder), 'the robot models in ../shared/models are not here')

const OURS = {
  'hopper.xml': HOPPER,
  'half_cheetah.xml': HALF_CHEETAH,
  'walker2d.xml': WALKER2D,
  'ant.xml': ANT,
  'swimmer.xml': SWIMMER,
  'humanoid.xml': HUMANOID,
  'reacher.xml': REACHER,
  'cartpole.xml': INVERTED_PENDULUM,
}

/** what only a viewer reads: their materials are not ours; nor are humanoid.xml's five empty keyframes */
const LEFT_OUT = /^(nmat|nkey|geom_matid|geom_rgba|mat_rgba|key_\w+)$/

/** decimals of the two files differ in their last digit (-0.2 and -0.19999999999999996), relative to 1 or the number */
const TOLERANCE = 1e-12

/** the largest difference of two fields, relative to 1 or the expected number */
function distance(ours: ArrayLike<number>, theirs: ArrayLike<number>): number {
  let worst = 0
  for (let i = 0; i < theirs.length; i++) {
    if (ours[i] === theirs[i]) continue
    const d = Math.abs(ours[i] - theirs[i]) / Math.max(1, Math.abs(theirs[i]))
    // NaN counts as different
    if (!(d <= worst)) worst = d
  }
  return worst
}

/** every size, number and name of theirs that ours lacks; what is nameless there may have a name here */
function differences(ours: Model, theirs: Model): string[] {
  const found: string[] = []
  for (const size of SIZES) if (ours[size] !== theirs[size]) found.push(`${size}: ${ours[size]}, not ${theirs[size]}`)
  for (const { name } of modelFields) {
    const [a, b] = [ours.field[name], theirs.field[name]]
    if (a.length !== b.length) found.push(`${name}: length ${a.length}, not ${b.length}`)
    else if (!(distance(a, b) <= TOLERANCE)) found.push(`${name}: off by ${distance(a, b)}`)
  }
  for (const [kind, names] of Object.entries(theirs.names) as [keyof Model['names'], readonly string[]][]) {
    for (const [i, name] of names.entries()) {
      if (name !== '' && ours.names[kind][i] !== name) found.push(`${kind} ${i}: ${ours.names[kind][i]}, not ${name}`)
    }
  }
  return found.filter(line => !LEFT_OUT.test(line.slice(0, line.indexOf(':'))))
}

for (const [file, xml] of Object.entries(OURS)) {
  standard(`the physics of ${file}`, async () => {
    assert.equal(differences(await loadModel(xml), await loadModel(folder + file)), [])
  })
}

test('a number that is off by 3e-12 is seen, and so is a name', async () => {
  const changed = SWIMMER.replace('viscosity="0.1"', 'viscosity="0.100000000003"').replace('"mid"', '"middle"')
  const found = differences(await loadModel(changed), await loadModel(SWIMMER))
  assert.is(found.length, 2)
  assert.match(found[0], /^opt_viscosity: off by /)
  assert.is(found[1], 'body 2: middle, not mid')
})

test.run()
